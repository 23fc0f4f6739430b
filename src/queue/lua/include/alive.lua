-- How many tasks there are, of each client and in each queue. Needs context.lua and `now`.
--
-- Hash `alive`: gate of the client or the queue -> how many are alive, that is, have not ended.
-- Hash `depth`: <state>/<gate of the queue> -> how many are in that state. `pending` is not in it: that is the rest of those
-- that are alive. A task whose time has come is `scheduled` or `retrying` until a dispatcher comes by.
-- Hash `flow:<minute since 1970>`: in/<gate of the queue>, out/<gate of the queue> -> how many came and how many ended.
-- None of them has what is zero.

-- What this script adds or takes away; it is written once for all its tasks.
local aliveBy, depthBy, flowBy = {}, {}, {}

local function add(counts, field, by) counts[field] = (counts[field] or 0) + by end

-- `ids`: the gates of a task, of which the first is its queue and the second its client.
local function countAlive(ids, by)
  local queue, client = ids[1], ids[2]
  if not client then return end
  add(aliveBy, queue, by)
  add(aliveBy, client, by)
end

local function countIn(state, ids, by)
  if ids[2] then add(depthBy, state .. '/' .. ids[1], by) end
end

-- A task is alive from now on, or has ended.
local function comes(ids)
  countAlive(ids, 1)
  if ids[2] then add(flowBy, 'in/' .. ids[1], 1) end
end
local function goes(ids)
  countAlive(ids, -1)
  if ids[2] then add(flowBy, 'out/' .. ids[1], 1) end
end

-- Long enough to tell what came and went in the last minute, whenever that is asked.
local FLOW_MS = 60000
local FLOW_KEPT_MS = 3 * FLOW_MS

local function addAll(key, changes)
  local fields = {}
  for field, by in pairs(changes) do
    if by ~= 0 then fields[#fields + 1] = field end
  end
  local counts = {}
  inPieces(fields, UNPACK, function(from, to)
    local before = call('HMGET', key, unpack(fields, from, to))
    for i = from, to do counts[fields[i]] = (tonumber(before[i - from + 1]) or 0) + changes[fields[i]] end
  end)
  writeCounts(key, counts)
end

local function flushAlive()
  addAll(P .. 'alive', aliveBy)
  addAll(P .. 'depth', depthBy)
  if next(flowBy) then
    local key = P .. 'flow:' .. ms(math.floor(now / FLOW_MS))
    addAll(key, flowBy)
    call('PEXPIRE', key, FLOW_KEPT_MS)
  end
  aliveBy, depthBy, flowBy = {}, {}, {}
end
