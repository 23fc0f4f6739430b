-- Goes on with a purge of a queue: takes some of its tasks out of the places of their lanes, those that wait first, then, in
-- the order in which they were stored, all that wait for a time or for a gate. Places in `wait` move when others take
-- something out before them, as a purge of another queue does: as long as some are left, it goes round once more.
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
--@include callbacks
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
-- `state`: of one in `delayed`, as what it is counted.
local function take(lane, id, gates, state)
  if not isOfQueue(gates) or not purges.takeAway(lane, id, gatesOf(gates), state) then return false end
  taken[#taken + 1] = lane .. ':' .. id
  return true
end

-- New ones come in at the head and are no matter of ours, and dispatchers take at the tail: counted from the head, few that
-- were not looked at slip by.
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
    local state = score and delayedAs(isParked(score), job[2])
    if score and take(lane, id, gates, state) then
      call('ZREM', setKey(lane, 'delayed'), id)
      countIn(state, gatesOf(gates), -1)
      if isParked(score) then unpark(lane, id, placesOf(gatesOf(gates))) end
    end
  end
  return #entries == most and entries[#entries][1]
end

-- `w<lane>:<from>`, then `m<position>`.
local function takeSome(place)
  local at, from = string.match(place, '^w(%d):(%d+)$')
  if at then
    at = tonumber(at)
    local onward = takeWaiting(LANES[at], tonumber(from))
    if onward then return 'w' .. at .. ':' .. ms(onward) end
    return LANES[at + 1] and 'w' .. at + 1 .. ':0' or 'm'
  end
  local onward = takeDelayed(string.sub(place, 2))
  return onward and 'm' .. onward
end

local function takenSoFar() return call('LLEN', P .. 'purged:' .. operation) end

-- Places of a round, `;` and how many were taken before it. When there are none left, or a round takes nothing, that is the end.
local BEGIN = 'w1:0'
local function goOn()
  local place, before = string.match(ARGV[3], '^(.*);(%d+)$')
  local onward = takeSome(place or BEGIN)
  if purges.leftOf(operation, gate) <= 0 then return '' end
  if onward then return onward .. ';' .. (before or 0) end
  if takenSoFar() <= tonumber(before) then return '' end
  return BEGIN .. ';' .. takenSoFar()
end

local onward = gate and goOn() or ''
releaseHeld(taken)
releaseTouched(MOST_RELEASED, maxAge)
wakeForSoonest()
flushWaits()
flushGates()
flushAlive()
if onward == '' and gate then purges.unmark(operation, gate) end
return { onward, takenSoFar() }
