-- How many tasks are parked under which gates, and how many of them could start if there were slots for them. Looks at
-- some gates at a time, in their order.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  the gate after which to begin; '' = with the first one
-- ARGV[3]  how many gates to look at
-- ARGV[4]  over how many ms a rate is counted
-- Returns  { gate after which to go on or '', of each gate with parked tasks 6 values: the gate, parked tasks of each lane,
--          how many the gate lets start besides those that wait already; -1 = any number }

--@include context
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include places

local key, most = P .. 'parked', tonumber(ARGV[3])
local ids = call('ZRANGE', key, ARGV[2] == '' and '-' or '(' .. ARGV[2], '+', 'BYLEX', 'LIMIT', 0, most)

local function waitingFor(id)
  local count = 0
  for _, lane in ipairs(LANES) do count = count + window(id, lane) end
  return count
end

-- The share of a client in the fleet does not count: it grows with the fleet.
local function letsStart(id)
  local gate, most = gates[id], math.huge
  if not gate.counted then return -1 end
  if gate.shut then return 0 end
  if gate.cap then most = gate.cap - gate.n end
  if gate.circuit then most = math.min(most, (ofHosts().letThrough(id))) end
  if gate.interval then most = math.min(most, tokens(gate) + tonumber(ARGV[4]) / gate.interval) end
  if most == math.huge then return -1 end
  return math.max(0, math.floor(most) - waitingFor(id))
end

local function parkedOf(id)
  local counts, total = {}, 0
  for i, lane in ipairs(LANES) do
    local from, till = parkScore(lane, 0, 0), parkScore(lane, 0, 0) + (MOST_TRIES + 1) * DUE
    counts[i] = call('ZCOUNT', P .. 'park:' .. id, ms(from), '(' .. ms(till))
    total = total + counts[i]
  end
  return counts, total
end

inPieces(ids, UNPACK, function(from, to) loadGates({ unpack(ids, from, to) }) end)
local found, empty = {}, {}
for _, id in ipairs(ids) do
  local counts, total = parkedOf(id)
  if total == 0 then
    empty[#empty + 1] = id
  else
    found[#found + 1] = id
    append(found, counts)
    found[#found + 1] = letsStart(id)
  end
end
inPieces(empty, UNPACK, function(from, to) call('ZREM', key, unpack(empty, from, to)) end)
return { #ids == most and ids[#ids] or '', found }
