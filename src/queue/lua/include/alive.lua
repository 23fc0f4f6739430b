-- How many tasks there are, of each client and in each queue. Needs context.lua and `now`.
--
-- Hash `alive`: gate of the client or the queue -> how many are alive, that is, have not ended.
-- Hash `depth`: <state>/<gate of the queue> -> how many are `scheduled`, `retrying`, `deferred` or a `dead_letter`. One whose
-- time has come is `scheduled` or `retrying` until a dispatcher comes by. Those that run are in the lists of the lanes, and
-- the rest of those that are alive is pending: in this way a task that just comes, runs and ends changes nothing here.
-- Hash `flow:<minute since 1970>`: in/<gate of the queue>, out/<gate of the queue> -> how many came and how many ended.
-- None of them has what is zero.

local FLOW_MS = 60000

-- What this script adds or takes away, by name of the hash and by field; it is written once for all its tasks.
local changed = { alive = {}, depth = {}, flow = {} }
local aliveBy = changed.alive

local function change(counts, field, by) counts[field] = (counts[field] or 0) + by end

-- `ids`: the gates of a task, of which the first is its queue and the second its client.
local function countAlive(ids, by)
  local queue, client = ids[1], ids[2]
  if not client then return end
  change(changed.alive, queue, by)
  change(changed.alive, client, by)
end

local function countIn(state, ids, by)
  if ids[2] then change(changed.depth, state .. '/' .. ids[1], by) end
end

-- A task is alive from now on, or has ended.
local function comes(ids)
  countAlive(ids, 1)
  if ids[2] then change(changed.flow, 'in/' .. ids[1], 1) end
end
local function goes(ids)
  countAlive(ids, -1)
  if ids[2] then change(changed.flow, 'out/' .. ids[1], 1) end
end

-- Two commands for all of them, where one for each costs twice as much when a batch has tasks of many queues.
local function addAll(key, counts)
  local fields, sums = {}, {}
  for field, by in pairs(counts) do
    if by ~= 0 then fields[#fields + 1] = field end
  end
  inPieces(fields, UNPACK, function(from, to)
    local before = call('HMGET', key, unpack(fields, from, to))
    for i = from, to do sums[fields[i]] = (tonumber(before[i - from + 1]) or 0) + counts[fields[i]] end
  end)
  writeCounts(key, sums)
end

local function flushAlive()
  addAll(P .. 'alive', changed.alive)
  addAll(P .. 'depth', changed.depth)
  if next(changed.flow) then
    local key = P .. 'flow:' .. ms(math.floor(now / FLOW_MS))
    addAll(key, changed.flow)
    -- It is asked for in this minute and in the next one.
    call('PEXPIRE', key, 3 * FLOW_MS)
  end
  aliveBy = {}
  changed = { alive = aliveBy, depth = {}, flow = {} }
end
