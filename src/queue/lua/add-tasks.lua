-- Stores tasks: each is due now and waits in its lane, is held by a gate and parked, or is due later.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  how long a gate may hold a task after it was due, milliseconds
-- ARGV[3]  how many tasks follow; 10 values each:
--          id, lane, queue, client, host, created and due in Unix ms by the clock of the caller, expiry in Unix ms
--          or '', data (JSON), opts (JSON of BullMQ)
-- Returns  for each task, in order: '' when it was stored; else the data (JSON) of the task that has its id already
--
-- Running it again with the same tasks stores nothing twice: after a lost reply the batch is simply sent again.

--@include context
local now = clock(ARGV[1])
--@include gates
--@include places

local results, later = {}, {}

local function stored(id)
  for _, lane in ipairs(LANES) do
    local data = call('HGET', laneKey(lane, id), 'data')
    if data then return data end
  end
  return false
end

local function exists(id)
  return call('EXISTS', P .. 'critical:' .. id, P .. 'high:' .. id, P .. 'default:' .. id, P .. 'low:' .. id) > 0
end

local maxAge = tonumber(ARGV[2])
for i = 1, tonumber(ARGV[3]) do
  local at = 3 + (i - 1) * 10
  local id, lane, queue, client, host = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
  local due, expires = byOurClock(tonumber(ARGV[at + 7]), tonumber(ARGV[at + 6])), ARGV[at + 8]
  if exists(id) then
    results[i] = stored(id)
  else
    call('HSET', laneKey(lane, id),
      'name', 'http', 'data', ARGV[at + 9], 'opts', ARGV[at + 10],
      'timestamp', now, 'delay', string.format('%.0f', math.max(0, due - now)), 'priority', 0,
      'queue', queue, 'client', client, 'host', host, 'due', string.format('%.0f', due), 'expires', expires)
    if due > now then
      later[lane] = later[lane] or {}
      table.insert(later[lane], delayedScore(due))
      table.insert(later[lane], id)
    else
      admit(lane, id, gatesOf(queue, client, host), due, tonumber(expires), maxAge)
    end
    results[i] = ''
  end
end

for lane, entries in pairs(later) do
  local before = call('ZRANGE', laneKey(lane, 'delayed'), 0, 0)[1]
  inPieces(entries, UNPACK, function(from, to) call('ZADD', laneKey(lane, 'delayed'), unpack(entries, from, to)) end)
  -- Whoever sleeps until the next task is due has to know that there is an earlier one.
  if call('ZRANGE', laneKey(lane, 'delayed'), 0, 0)[1] ~= before then call('ZADD', laneKey(lane, 'marker'), 0, '0') end
end
flushWaits()
flushGates()
return results
