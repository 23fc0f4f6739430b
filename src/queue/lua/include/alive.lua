-- How many tasks are alive, that is, have not ended, of each client and in each queue. Needs context.lua.
-- Hash `alive`: gate of the client or the queue -> how many; without those that have none.

-- What this script adds or takes away: one command per client and queue for all its tasks.
local aliveBy = {}

-- `ids`: the gates of a task, of which the first is its queue and the second its client.
local function countAlive(ids, by)
  for i = 1, 2 do
    local id = ids[i]
    if id then aliveBy[id] = (aliveBy[id] or 0) + by end
  end
end

local function flushAlive()
  for id, by in pairs(aliveBy) do
    if by ~= 0 and call('HINCRBY', P .. 'alive', id, by) <= 0 then call('HDEL', P .. 'alive', id) end
  end
  aliveBy = {}
end
