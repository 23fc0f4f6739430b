-- How many tasks are alive, that is, have not ended, of each client and in each queue. Needs context.lua.
-- Hash `alive`: gate of the client or the queue -> how many; without those that have none.

-- What this script adds or takes away; it is written once for all its tasks.
local aliveBy = {}

-- `ids`: the gates of a task, of which the first is its queue and the second its client.
local function countAlive(ids, by)
  for i = 1, 2 do
    local id = ids[i]
    if id then aliveBy[id] = (aliveBy[id] or 0) + by end
  end
end

local function flushAlive()
  local ids = {}
  for id, by in pairs(aliveBy) do
    if by ~= 0 then ids[#ids + 1] = id end
  end
  inPieces(ids, UNPACK, function(from, to)
    local counts = {}
    for i, count in ipairs(call('HMGET', P .. 'alive', unpack(ids, from, to))) do
      local id = ids[from + i - 1]
      counts[id] = (tonumber(count) or 0) + aliveBy[id]
    end
    writeCounts(P .. 'alive', counts)
  end)
  aliveBy = {}
end
