-- How many tasks are alive, that is, have not ended, of each client and in each queue. Needs context.lua.
-- Hash `alive`: gate of the client or the queue -> how many; without those that have none.

-- What this script adds or takes away; it is written once for all its tasks.
local aliveBy = {}

-- `ids`: the gates of a task, of which the first is its queue and the second its client.
local function countAlive(ids, by)
  local queue, client = ids[1], ids[2]
  if not client then return end
  aliveBy[queue] = (aliveBy[queue] or 0) + by
  aliveBy[client] = (aliveBy[client] or 0) + by
end

local function flushAlive()
  for id, by in pairs(aliveBy) do
    if by ~= 0 and call('HINCRBY', P .. 'alive', id, ms(by)) <= 0 then call('HDEL', P .. 'alive', id) end
  end
  aliveBy = {}
end
