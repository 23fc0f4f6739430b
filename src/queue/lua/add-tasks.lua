-- Stores tasks: each is due now and waits in its lane, is held by a gate and parked, or is due later.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  how long a gate may hold a task after it was due, milliseconds
-- ARGV[3]  who sends; sends one batch at a time
-- ARGV[4]  number of this batch, one higher than that of the last: a repeat (its reply was lost) stores nothing twice
-- ARGV[5]  how many tasks may be alive at once, that is, have not ended; 0 = any number
-- ARGV[6]  how many tasks follow; 9 values each:
--          id, 1 when somebody chose the id who may choose it again, lane, gates ('\n' between), created and due in
--          Unix ms by the clock of the caller, expiry in Unix ms or '', data (JSON), opts (JSON of BullMQ)
-- Returns  for each task, in order: '' when it was stored; 'full' when there was no room for it; else the data (JSON) of
--          the task that has its id already

--@include context
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include places

-- Random ids exist only when their batch is sent again. Nobody waits that long for a reply.
local REPLY_MAY_BE_LOST = 600000
local VALUES = 9

-- `lists`: by lane, the lists of gates of the tasks that are due now.
local results, dueNow, lists = {}, {}, {}

local function stored(id)
  for _, lane in ipairs(LANES) do
    local data = call('HGET', jobKey(lane, id), 'data')
    if data then return data end
  end
  return false
end

local function exists(id)
  return call('EXISTS', P .. 'critical:' .. id, P .. 'high:' .. id, P .. 'default:' .. id, P .. 'low:' .. id) > 0
end

local function isRepeat()
  return call('SET', P .. 'added:' .. ARGV[3], ARGV[4], 'PX', REPLY_MAY_BE_LOST, 'GET') == ARGV[4]
end

local function store(at, lane, id)
  local theirNow = tonumber(ARGV[at + 5])
  local due, expires = byOurClock(tonumber(ARGV[at + 6]), theirNow), tonumber(ARGV[at + 7])
  expires = expires and byOurClock(expires, theirNow)
  call('HSET', jobKey(lane, id), 'name', 'http', 'data', ARGV[at + 8], 'opts', ARGV[at + 9], 'timestamp', NOW,
    'delay', due > now and ms(due - now) or '0', 'priority', '0', 'gates', ARGV[at + 4], 'due', ms(due))
  if expires then call('HSET', jobKey(lane, id), 'expires', ms(expires)) end
  if due > now then
    delay(lane, id, due)
  else
    lists[lane] = lists[lane] or {}
    lists[lane][gatesOf(ARGV[at + 4])] = true
    dueNow[#dueNow + 1] = { at, due, expires }
  end
end

local function roomLeft()
  local most = tonumber(ARGV[5])
  if most == 0 then return math.huge end
  for _, lane in ipairs(LANES) do
    most = most - call('LLEN', setKey(lane, 'wait')) - call('LLEN', setKey(lane, 'active'))
      - call('ZCARD', setKey(lane, 'delayed'))
  end
  return most
end

local isSentAgain, left = isRepeat(), roomLeft()
for i = 1, tonumber(ARGV[6]) do
  local at = 6 + (i - 1) * VALUES
  local id = ARGV[at + 1]
  if (isSentAgain or ARGV[at + 2] == '1') and exists(id) then
    results[i] = stored(id)
  elseif left <= 0 then
    results[i] = 'full'
  else
    store(at, ARGV[at + 3], id)
    left = left - 1
    results[i] = ''
  end
end
loadAll(lists)
for _, task in ipairs(dueNow) do
  local at = task[1]
  admit(ARGV[at + 3], ARGV[at + 1], gatesOf(ARGV[at + 4]), task[2], task[3], tonumber(ARGV[2]))
end
wakeForSoonest()
flushWaits()
flushGates()
return results
