-- Goes on with a purge of a queue: takes some of its tasks out of the places of their lanes, those that wait first, then, in
-- the order in which they were stored, all that wait for a time or for a gate.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  operation
-- ARGV[3]  where to go on; '' = at the beginning, else what the last call returned
-- ARGV[4]  how many to look at
-- ARGV[5]  how long a gate may hold a task after it was due, milliseconds
-- Returns  { where to go on, or '' when all were taken, how many it has taken so far, also those that others came across }

--@include context
--@include purges
--@include when-full
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include alive
--@include places
--@include history
--@include positions
--@include dead
--@include finish

local operation, most, maxAge = ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
local purge = call('HMGET', P .. 'purge:' .. operation, 'what', 'upTo')
local gate, upTo = purge[1], purge[2]
-- What others let in when the first of a gate are gone.
local MOST_RELEASED = 100
-- No task has this id.
local GONE = ''

local function isOfQueue(gates) return gates and string.sub(gates, 1, #gate + 1) == gate .. '\n' end

local taken = {}
local function take(lane, id, gates)
  if not isOfQueue(gates) or not purges.takeAway(lane, id, gatesOf(gates)) then return false end
  taken[#taken + 1] = lane .. ':' .. id
  return true
end

-- New ones come in at the head and are no matter of ours, and dispatchers take at the tail: counted from the head, none that
-- was not looked at slips by.
local function takeWaiting(lane, from)
  local key = setKey(lane, 'wait')
  local ids, count = call('LRANGE', key, from, from + most - 1), 0
  for i, id in ipairs(ids) do
    local gates = call('HGET', jobKey(lane, id), 'gates')
    if take(lane, id, gates) then
      count = count + 1
      call('LSET', key, from + i - 1, GONE)
      leaveWait(lane, gatesOf(gates))
    end
  end
  -- One walk for all of them.
  if count > 0 then call('LREM', key, count, GONE) end
  waits[lane] = nil
  return #ids == most and from + most - count
end

local function takeDelayed(behind)
  local entries = call('XRANGE', P .. 'made', behind == '' and '-' or '(' .. behind, upTo, 'COUNT', most)
  for _, entry in ipairs(entries) do
    local lane, id = LANE_OF[string.sub(entry[2][2], 1, 1)], string.sub(entry[2][2], 2)
    local job = call('HMGET', jobKey(lane, id), 'gates', 'kept')
    local gates = job[1]
    local score = isOfQueue(gates) and call('ZSCORE', setKey(lane, 'delayed'), id)
    if score and take(lane, id, gates) then
      call('ZREM', setKey(lane, 'delayed'), id)
      countIn(delayedAs(isParked(score), job[2]), gatesOf(gates), -1)
      if isParked(score) then unpark(lane, id, placesOf(gatesOf(gates))) end
    end
  end
  return #entries == most and entries[#entries][1]
end

-- `w<lane>:<from>`, then `m<position>`.
local function takeSome()
  local at, from = string.match(ARGV[3], '^w(%d):(%d+)$')
  if ARGV[3] == '' then at, from = 1, 0 end
  if at then
    at = tonumber(at)
    local onward = takeWaiting(LANES[at], tonumber(from))
    if onward then return 'w' .. at .. ':' .. ms(onward) end
    return LANES[at + 1] and 'w' .. at + 1 .. ':0' or 'm'
  end
  local onward = takeDelayed(string.sub(ARGV[3], 2))
  return onward and 'm' .. onward or ''
end

local onward = gate and takeSome() or ''
releaseHeld(taken)
releaseTouched(MOST_RELEASED, maxAge)
wakeForSoonest()
flushWaits()
flushGates()
flushAlive()
if onward == '' and gate then
  local mark = call('HGET', P .. 'purging', gate)
  if mark and string.match(mark, ';(.*)$') == operation then call('HDEL', P .. 'purging', gate) end
end
return { onward, call('LLEN', P .. 'purged:' .. operation) }
