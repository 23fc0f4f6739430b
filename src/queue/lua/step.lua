-- One turn of a dispatcher: settles what has finished, lets in what that frees and what is due, and fetches what goes
-- next, in one round trip.
--
-- KEYS[1]   prefix of all keys
-- ARGV[1]   now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]   token of the dispatcher: the value of its tasks' locks
-- ARGV[3]   id of this request: a repeat (its reply was lost) changes nothing and gets the same tasks again
-- ARGV[4]   lock, milliseconds
-- ARGV[5]   how many tasks to fetch at most
-- ARGV[6]   'weighted' or 'strict'
-- ARGV[7]   how long a gate may hold a task after it was due, milliseconds
-- ARGV[8]   how long tasks are kept that have ended and are no dead letters, milliseconds
-- ARGV[9]   how long dead letters are kept, milliseconds; '' = for ever. A queue may say both otherwise
-- ARGV[10..13]  virtual time of each lane; ARGV[14..17] what a start adds to it (expected time / weight)
-- ARGV[18]  how many settlements follow; 11 values each:
--           lane, id, kind (completed | retry | dead_letter | hand_back | cancelled | expired), attempts made so far,
--           attempt (JSON), its place, which attempts are kept with it, delay of a retry in ms or '',
--           reason or '', bytes of the data and the attempts, places of attempts that are not kept any more
-- Returns   { milliseconds until the next task is due or -1, fetched, lost, cancelled, waiting, history }
--           fetched: 6 values for each task: lane, id, data, attempts made, which attempts are kept, due
--           lost: ids whose lock was not ours any more; what they came to is not recorded here
--           cancelled: ids of running tasks of this dispatcher that have to be aborted
--           waiting: tasks in `wait` of each lane afterwards
--           history: bytes of the completed history, or 0 when nothing has ended here

--@include context
local now = clock(ARGV[1])
--@include gates
--@include places
--@include history
--@include finish

local request = ARGV[3]
local capacity = tonumber(ARGV[5])
local limits = {
  token = ARGV[2],
  lock = tonumber(ARGV[4]),
  maxAge = tonumber(ARGV[7]),
  completedFor = tonumber(ARGV[8]),
  deadFor = tonumber(ARGV[9]),
}
local replyKey, cancelKey = P .. 'reply:' .. limits.token, P .. 'cancel:' .. limits.token

-- Bounds that keep a turn at some milliseconds of Redis.
local MOST_DUE, MOST_WAKES, MOST_RELEASED, MOST_PUT_BACK = 200, 20, 100, 100

local function append(list, values)
  for _, value in ipairs(values) do list[#list + 1] = value end
end

local function untilNextDue()
  local soonest = -1
  local function consider(ms)
    if soonest < 0 or ms < soonest then soonest = ms end
  end
  for _, lane in ipairs(LANES) do
    local head = call('ZRANGE', laneKey(lane, 'delayed'), 0, 0, 'WITHSCORES')
    if head[2] then consider(delayedTime(head[2])) end
  end
  local wake = call('ZRANGE', P .. 'wakes', 0, 0, 'WITHSCORES')
  if wake[2] then consider(tonumber(wake[2])) end
  return soonest < 0 and -1 or math.max(0, soonest - now)
end

local function waiting()
  local all = {}
  for i, lane in ipairs(LANES) do all[i] = call('LLEN', laneKey(lane, 'wait')) end
  return all
end

local function fetchedBefore(members)
  local fetched = {}
  for member in string.gmatch(members, '[^\n]+') do
    local lane, id = string.match(member, '^(%a+):(.+)$')
    if call('GET', laneKey(lane, id) .. ':lock') == limits.token then
      local job = call('HMGET', laneKey(lane, id), 'data', 'atm', 'kept', 'due')
      append(fetched, { lane, id, job[1], job[2] or '0', job[3] or '0', job[4] or '' })
    end
  end
  return fetched
end

local function takeCancelled()
  local ids = call('SMEMBERS', cancelKey)
  if #ids > 0 then call('DEL', cancelKey) end
  return ids
end

local function settleAll()
  local lost, stalled, members = {}, {}, {}
  for i = 1, tonumber(ARGV[18]) do
    local at = 18 + (i - 1) * 11
    local lane, id = ARGV[at + 1], ARGV[at + 2]
    if call('GET', laneKey(lane, id) .. ':lock') ~= limits.token then
      lost[#lost + 1] = id
    else
      call('UNLINK', laneKey(lane, id) .. ':lock')
      call('LREM', laneKey(lane, 'active'), -1, id)
      stalled[lane] = stalled[lane] or {}
      append(stalled[lane], { id })
      append(members, { lane .. ':' .. id })
      settle(lane, id, {
        kind = ARGV[at + 3], attempts = ARGV[at + 4], attempt = ARGV[at + 5], place = ARGV[at + 6],
        kept = ARGV[at + 7], delay = tonumber(ARGV[at + 8]), reason = ARGV[at + 9],
        bytes = tonumber(ARGV[at + 10]), dropped = ARGV[at + 11],
      }, limits)
    end
  end
  for lane, ids in pairs(stalled) do call('SREM', laneKey(lane, 'stalled'), unpack(ids)) end
  releaseHeld(members)
  return lost
end

local function promoteDue()
  local wakes = call('ZRANGEBYSCORE', P .. 'wakes', '-inf', now, 'LIMIT', 0, MOST_WAKES)
  if #wakes > 0 then call('ZREM', P .. 'wakes', unpack(wakes)) end
  for _, gate in ipairs(wakes) do touched[gate] = true end
  for _, lane in ipairs(LANES) do
    local due = call('ZRANGEBYSCORE', laneKey(lane, 'delayed'), '-inf', delayedScore(now + 1), 'LIMIT', 0, MOST_DUE)
    if #due > 0 then
      call('ZREM', laneKey(lane, 'delayed'), unpack(due))
      for _, id in ipairs(due) do promote(lane, id, limits) end
    end
  end
end

local function releaseTouched()
  local open = touched
  touched = {}
  for gate in pairs(open) do release(gate, MOST_RELEASED, limits.maxAge) end
  flushWaits()
end

local function fetch()
  local fetched, members, held, left = {}, {}, {}, waiting()
  local virtual, charge = {}, {}
  for i, lane in ipairs(LANES) do
    virtual[i], charge[i] = tonumber(ARGV[9 + i]), tonumber(ARGV[13 + i])
    if left[i] > 0 and call('HEXISTS', laneKey(lane, 'meta'), 'paused') == 1 then left[i] = 0 end
  end
  local function pick()
    local best
    for i = 1, #LANES do
      if left[i] > 0 and (not best or (ARGV[6] ~= 'strict' and virtual[i] < virtual[best])) then best = i end
    end
    return best
  end
  local free, tries = capacity, capacity + MOST_PUT_BACK
  while free > 0 and tries > 0 do
    local i = pick()
    if not i then break end
    local lane = LANES[i]
    local id = call('RPOPLPUSH', laneKey(lane, 'wait'), laneKey(lane, 'active'))
    local task = id and start(lane, id, held, limits)
    left[i] = left[i] - 1
    tries = tries - 1
    if task then
      append(fetched, task)
      append(members, { lane .. ':' .. id })
      virtual[i] = virtual[i] + charge[i]
      free = free - 1
    end
  end
  if #held > 0 then call('HSET', P .. 'held', unpack(held)) end
  return fetched, members
end

local last = call('GET', replyKey)
if last and string.match(last, '^[^\n]*') == request then
  return { untilNextDue(), fetchedBefore(string.sub(last, #request + 1)), {}, takeCancelled(), waiting(), 0 }
end
local lost = settleAll()
promoteDue()
releaseTouched()
local fetched, members = {}, {}
if capacity > 0 then fetched, members = fetch() end
-- What was fetched has left its place in `wait`: gates that are limited by that alone let the next ones in.
releaseTouched()
flushGates()
call('SET', replyKey, request .. '\n' .. table.concat(members, '\n'), 'PX', 600000)
return { untilNextDue(), fetched, lost, takeCancelled(), waiting(), flushHistory() }
