-- Which tasks there are, in the order in which they were stored. Needs context.lua and positions.lua.
--
-- Streams `made` and, of each client, `made:<client>`: an entry for each task, under the same position in both, <ms>-<n>,
-- which the task has in field `timestamp` as <ms>.<n>: BullMQ reads of that what is in front of the dot.
-- Streams, as an entry takes 50 bytes where one of a sorted set takes 145, at about the same time. The piece of a stream
-- that an entry is in, 4 kB at most, is freed when all tasks in it are gone.

local function madeOf(client) return P .. 'made:' .. client end

-- Enters a task. Returns its `timestamp`. `at`: now, Unix ms. To be followed by flushPositions.
local function enter(lane, id, client, at)
  local time, n = nextPosition('made', at)
  local position, member = time .. '-' .. n, memberOf(lane, id)
  call('XADD', P .. 'made', position, 'i', member)
  if client then call('XADD', madeOf(client), position, 'i', member) end
  return time .. '.' .. n
end

-- Takes tasks of a lane that are about to be removed out of the streams.
local function forgetMade(lane, ids)
  local all, ofClients = {}, {}
  for _, id in ipairs(ids) do
    local job = indexOf(lane, id)
    local gates = gatesOf(job[2])
    local time, n = string.match(job[1] or '', '^(%d+)%.(%d+)$')
    if time then
      local position, client = time .. '-' .. n, gates[2] and string.sub(gates[2], 3)
      all[#all + 1] = position
      if client then
        ofClients[client] = ofClients[client] or {}
        table.insert(ofClients[client], position)
      end
    end
  end
  if #all > 0 then strike(P .. 'made', all) end
  for client, positions in pairs(ofClients) do strike(madeOf(client), positions) end
end
