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
-- ARGV[8]   how long expired and cancelled tasks are kept, milliseconds
-- ARGV[9]   how long dead letters are kept that are made here, milliseconds; '' = for ever
-- ARGV[10..13]  virtual time of each lane; ARGV[14..17] what a start adds to it (expected time / weight)
-- ARGV[18]  how many settlements follow; 10 values each:
--           lane, id, kind (completed | retry | dead_letter | hand_back | cancelled | expired), attempts made so far,
--           attempt (JSON), its place among those kept, how many were kept, delay of a retry in ms or '',
--           reason or '', retention in ms or ''
-- Returns   { milliseconds until the next task is due or -1, fetched, lost, cancelled, waiting }
--           fetched: 6 values for each task: lane, id, data, attempts made, attempts kept, due
--           lost: ids whose lock was not ours any more; what they came to is not recorded here
--           cancelled: ids of running tasks of this dispatcher that have to be aborted
--           waiting: tasks in `wait` of each lane afterwards

--@include context
local now = clock(ARGV[1])
--@include gates
--@include places
--@include finish

local request = ARGV[3]
local limits = {
  token = ARGV[2],
  lock = ARGV[4],
  maxAge = tonumber(ARGV[7]),
  expiredFor = tonumber(ARGV[8]),
  deadFor = tonumber(ARGV[9]),
  isStrict = ARGV[6] == 'strict',
}
--@include fetch
local replyKey, cancelKey = P .. 'reply:' .. limits.token, P .. 'cancel:' .. limits.token

-- Bounds that keep a turn at some milliseconds of Redis.
local MOST_DUE, MOST_WAKES, MOST_RELEASED = 200, 20, 100

local function headOf(key) return call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] end

local function untilNextDue()
  local soonest = tonumber(headOf(P .. 'wakes'))
  for _, lane in ipairs(LANES) do
    local head = headOf(laneKey(lane, 'delayed'))
    if head then soonest = math.min(soonest or math.huge, delayedTime(head)) end
  end
  return soonest and math.max(0, soonest - now) or -1
end

local function waiting()
  local all = {}
  for i, lane in ipairs(LANES) do all[i] = waitLength(lane) end
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

local SETTLED_VALUES = 10

local function settlement(i)
  local at = 18 + (i - 1) * SETTLED_VALUES
  return {
    lane = ARGV[at + 1], id = ARGV[at + 2], kind = ARGV[at + 3], attempts = ARGV[at + 4], attempt = ARGV[at + 5],
    place = ARGV[at + 6], kept = ARGV[at + 7], delay = tonumber(ARGV[at + 8]), reason = ARGV[at + 9],
    retention = tonumber(ARGV[at + 10]),
  }
end

local function settleAll()
  local all, locks = {}, {}
  for i = 1, tonumber(ARGV[18]) do
    all[i] = settlement(i)
    locks[i] = laneKey(all[i].lane, all[i].id) .. ':lock'
  end
  if #all == 0 then return {} end
  local owners, lost, ours, members, stalled = call('MGET', unpack(locks)), {}, {}, {}, {}
  for i, s in ipairs(all) do
    if owners[i] ~= limits.token then
      lost[#lost + 1] = s.id
    else
      ours[#ours + 1] = locks[i]
      members[#members + 1] = s.lane .. ':' .. s.id
      stalled[s.lane] = stalled[s.lane] or {}
      append(stalled[s.lane], { s.id })
      call('LREM', laneKey(s.lane, 'active'), -1, s.id)
      settle(s.lane, s.id, s, limits.expiredFor)
    end
  end
  if #ours > 0 then call('UNLINK', unpack(ours)) end
  for lane, ids in pairs(stalled) do call('SREM', laneKey(lane, 'stalled'), unpack(ids)) end
  releaseHeld(members)
  return lost
end

local function wakeGates()
  local wakes = call('ZRANGEBYSCORE', P .. 'wakes', '-inf', NOW, 'LIMIT', 0, MOST_WAKES)
  if #wakes > 0 then call('ZREM', P .. 'wakes', unpack(wakes)) end
  for _, gate in ipairs(wakes) do touched[gate] = true end
end

local function promoteDue()
  for _, lane in ipairs(LANES) do
    local due = call('ZRANGEBYSCORE', laneKey(lane, 'delayed'), '-inf', delayedScore(now + 1), 'WITHSCORES', 'LIMIT', 0,
      MOST_DUE)
    local ids = {}
    for i = 1, #due, 2 do ids[#ids + 1] = due[i] end
    if #ids > 0 then call('ZREM', laneKey(lane, 'delayed'), unpack(ids)) end
    for i, id in ipairs(ids) do promote(lane, id, isParked(due[2 * i]), limits) end
  end
end

local function letIn()
  releaseTouched(MOST_RELEASED, limits.maxAge)
  flushWaits()
end

local last = call('GET', replyKey)
if last and string.match(last, '^[^\n]*') == request then
  return { untilNextDue(), fetchedBefore(string.sub(last, #request + 1)), {}, takeCancelled(), waiting() }
end
local lost = settleAll()
wakeGates()
promoteDue()
letIn()
local fetched, members = fetch(tonumber(ARGV[5]), { unpack(ARGV, 10, 13) }, { unpack(ARGV, 14, 17) })
-- What was fetched has left its place in `wait`: gates that are limited by that alone let the next ones in.
letIn()
flushGates()
call('SET', replyKey, request .. '\n' .. table.concat(members, '\n'), 'PX', 600000)
return { untilNextDue(), fetched, lost, takeCancelled(), waiting() }
