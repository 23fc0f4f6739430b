-- How deep queues are, how late their tasks, and what came and went.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  of how many tasks at the head of each lane it is looked up whose they are
-- ARGV[3]  the same of tasks that run
-- ARGV[4], ARGV[5], ...  names of queues
-- Returns  { how many tasks wait in each lane, most urgent first; how many dead letters there are; figures }
--          figures: 9 values for each queue: how many of its tasks are alive, scheduled, retrying, deferred and dead letters, and
--          how many run; how many came and how many ended in the last minute, about; when the one that has been due for
--          longest was due, Unix ms, of those that its own gate holds, and of those at the head of a lane, '' = none of these

--@include context
--@include purges
local now = clock(ARGV[1])
--@include alive

local STATES = { 'scheduled', 'retrying', 'deferred', 'dead_letter' }

local function numbers(key, fields)
  local all = {}
  inPieces(fields, UNPACK, function(from, to)
    for _, value in ipairs(call('HMGET', key, unpack(fields, from, to))) do all[#all + 1] = tonumber(value) or 0 end
  end)
  return all
end

local gates, fields, flows = {}, {}, {}
for i = 4, #ARGV do
  local gate = 'q:' .. ARGV[i]
  gates[#gates + 1] = gate
  for _, state in ipairs(STATES) do fields[#fields + 1] = state .. '/' .. gate end
  append(flows, { 'in/' .. gate, 'out/' .. gate })
end
local hidden, DEAD = purges.hiddenCounts(), #STATES
local alive, depths = numbers(P .. 'alive', gates), numbers(P .. 'depth', fields)

-- What was purged is gone, also while it is in its place.
for i, gate in ipairs(gates) do alive[i] = math.max(0, alive[i] - purges.leavingOf(gate)) end
for i, field in ipairs(fields) do depths[i] = math.max(0, depths[i] - purges.leavingOf(field)) end
for i, gate in ipairs(gates) do depths[i * DEAD] = math.max(0, depths[i * DEAD] - (hidden[gate] or 0)) end

-- Of the minute before this one the part that is less than a minute ago.
local function flowOf(minute) return numbers(P .. 'flow:' .. ms(minute), flows) end
local minute, part = math.floor(now / FLOW_MS), now % FLOW_MS / FLOW_MS
local flow = flowOf(minute)
for i, count in ipairs(flowOf(minute - 1)) do flow[i] = math.floor(flow[i] + count * (1 - part) + 0.5) end

local oldest = {}
local function seeDue(queue, due)
  if queue and due and due < (oldest[queue] or math.huge) then oldest[queue] = due end
end

local waiting, dead, running = {}, 0, {}
for i, lane in ipairs(LANES) do
  waiting[i] = call('LLEN', setKey(lane, 'wait'))
  dead = dead + call('ZCARD', setKey(lane, 'failed')) - (hidden['lane:' .. lane] or 0)
  for _, id in ipairs(call('LRANGE', setKey(lane, 'wait'), -ARGV[2], -1)) do
    local job = call('HMGET', jobKey(lane, id), 'gates', 'due')
    seeDue(gatesOf(job[1])[1], tonumber(job[2]))
  end
  for _, id in ipairs(call('LRANGE', setKey(lane, 'active'), 0, ARGV[3] - 1)) do
    local queue = gatesOf(call('HGET', jobKey(lane, id), 'gates'))[1] or ''
    running[queue] = (running[queue] or 0) + 1
  end
end

local told = {}
for i, gate in ipairs(gates) do
  local head = call('ZRANGE', P .. 'park:' .. gate, 0, 0)[1]
  if head then seeDue(gate, tonumber(call('HGET', P .. head, 'due'))) end
  append(told, { alive[i], unpack(depths, (i - 1) * #STATES + 1, i * #STATES) })
  append(told, { running[gate] or 0, flow[2 * i - 1], flow[2 * i], oldest[gate] and ms(oldest[gate]) or '' })
end
return { waiting, dead, told }
