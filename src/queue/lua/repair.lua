-- Mends the books where something was removed behind our back (BullMQ's tools, FLUSH of a lane): slots held by tasks that
-- are gone, windows that do not say what waits, and counts of tasks. Tasks that are held by a gate that has room
-- again are let in at the next turn of a dispatcher.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  how long the other dispatchers need not look, milliseconds
-- Returns  gates that were mended

--@include context
--@include when-full
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include alive
if not call('SET', P .. 'repair', '1', 'NX', 'PX', ARGV[2]) then return {} end

-- More slots than any fleet has; with more, counting them at once would hold Redis for too long.
local MOST = 20000
if call('HLEN', P .. 'held') > MOST or call('HLEN', P .. 'window') > MOST then return {} end

local mended = {}

local function mend(id)
  local gate = string.gsub(id, '^p:', 'h:')
  if not mended[gate] then call('ZADD', P .. 'wakes', now, gate) end
  mended[gate] = true
end

local counts, gone = {}, {}
local held = call('HGETALL', P .. 'held')
for i = 1, #held, 2 do
  local lane, id = string.match(held[i], '^(%a+):(.+)$')
  local job = call('HMGET', jobKey(lane, id), 'data', 'end')
  if job[1] and not job[2] then
    for gate in string.gmatch(held[i + 1], '[^\n]+') do counts[gate] = (counts[gate] or 0) + 1 end
  else
    gone[#gone + 1] = held[i]
  end
end
inPieces(gone, UNPACK, function(from, to) call('HDEL', P .. 'held', unpack(gone, from, to)) end)

local running = call('HGETALL', P .. 'running')
for i = 1, #running, 2 do
  local gate, count = running[i], counts[running[i]] or 0
  if tonumber(running[i + 1]) ~= count then
    if count > 0 then call('HSET', P .. 'running', gate, count) else call('HDEL', P .. 'running', gate) end
    mend(gate)
  end
end

-- Every task that waits was let in for its client: a lane where these are fewer or more than there are tasks is wrong.
local windowsOf, letIn = { critical = {}, high = {}, default = {}, low = {} }, {}
local fields = call('HGETALL', P .. 'window')
for i = 1, #fields, 2 do
  local gate, lane = string.match(fields[i], '^(.+)/(%a+)$')
  windowsOf[lane][gate] = tonumber(fields[i + 1])
  if string.byte(gate) == CLIENT then letIn[lane] = (letIn[lane] or 0) + tonumber(fields[i + 1]) end
end

local function waitingFor(lane)
  local waiting = {}
  for _, id in ipairs(call('LRANGE', setKey(lane, 'wait'), 0, -1)) do
    for _, gate in ipairs(gatesOf(call('HGET', jobKey(lane, id), 'gates'))) do
      waiting[gate] = (waiting[gate] or 0) + 1
    end
  end
  return waiting
end

local function mendWindows(lane)
  local waiting, right = waitingFor(lane), {}
  for gate, count in pairs(windowsOf[lane]) do
    if count ~= waiting[gate] then right[gate .. '/' .. lane] = waiting[gate] or 0 end
    if count ~= waiting[gate] then mend(gate) end
  end
  for gate, count in pairs(waiting) do
    if string.byte(gate) == CLIENT and not windowsOf[lane][gate] then right[gate .. '/' .. lane] = count end
  end
  writeCounts(P .. 'window', right)
end

for _, lane in ipairs(LANES) do
  local waiting = call('LLEN', setKey(lane, 'wait'))
  if waiting <= MOST and waiting ~= (letIn[lane] or 0) then mendWindows(lane) end
end

local LISTS = { wait = true, active = true }

local function eachIn(set, fn)
  for _, lane in ipairs(LANES) do
    for _, id in ipairs(call(LISTS[set] and 'LRANGE' or 'ZRANGE', setKey(lane, set), 0, -1)) do fn(lane, id) end
  end
end

-- Every task that is alive is counted once for its client and once for its queue.
local function aliveIsRight(total)
  local ofClients, ofQueues, told = 0, 0, call('HGETALL', P .. 'alive')
  for i = 1, #told, 2 do
    if string.byte(told[i]) == CLIENT then
      ofClients = ofClients + tonumber(told[i + 1])
    else
      ofQueues = ofQueues + tonumber(told[i + 1])
    end
  end
  return ofClients == total and ofQueues == total
end

local function cardinality(set)
  local total = 0
  for _, lane in ipairs(LANES) do total = total + call(LISTS[set] and 'LLEN' or 'ZCARD', setKey(lane, set)) end
  return total
end

local function mendAlive()
  local total = cardinality('wait') + cardinality('active') + cardinality('delayed')
  if total > MOST or call('HLEN', P .. 'alive') > 2 * MOST or aliveIsRight(total) then return end
  for set in pairs({ wait = true, active = true, delayed = true }) do
    eachIn(set, function(lane, id) countAlive(gatesOf(call('HGET', jobKey(lane, id), 'gates')), 1) end)
  end
  call('DEL', P .. 'alive')
end
mendAlive()

-- The states of the tasks in a set, and which of them one is in.
local STATES = { delayed = { 'deferred', 'retrying', 'scheduled' }, failed = { 'dead_letter' } }
local function stateIn(set, lane, id, kept)
  if set == 'failed' then return 'dead_letter' end
  if isParked(call('ZSCORE', setKey(lane, set), id)) then return 'deferred' end
  return kept and 'retrying' or 'scheduled'
end

local function mendDepth(set, counts)
  local states, total, right = {}, 0, cardinality(set)
  for _, state in ipairs(STATES[set]) do states[state] = true end
  for field, count in pairs(counts) do
    if states[string.match(field, '^[^/]+')] then total = total + count end
  end
  if right == total or right > MOST then return end
  for field, count in pairs(counts) do
    if states[string.match(field, '^[^/]+')] then change(changed.depth, field, -count) end
  end
  eachIn(set, function(lane, id)
    local job = call('HMGET', jobKey(lane, id), 'gates', 'kept')
    countIn(stateIn(set, lane, id, job[2]), gatesOf(job[1]), 1)
  end)
end

if call('HLEN', P .. 'depth') <= MOST then
  local counts, all = {}, call('HGETALL', P .. 'depth')
  for i = 1, #all, 2 do counts[all[i]] = tonumber(all[i + 1]) end
  for set in pairs(STATES) do mendDepth(set, counts) end
end
flushAlive()

local wrong = {}
for gate in pairs(mended) do wrong[#wrong + 1] = gate end
return wrong
