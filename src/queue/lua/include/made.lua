-- Which tasks there are, in the order in which they were stored. Needs context.lua.
--
-- Streams `made` and, of each client, `made:<client>`: an entry for each task, field `i`, the first letter of its lane
-- and its id. Both have it under the same position, <ms>-<n>, which the task has in field `timestamp` as <ms>.<n>: BullMQ
-- reads of that what is in front of the dot. Key `made:last` has the newest position.
-- Streams, as an entry takes 50 bytes and 1 µs where one of a sorted set takes 145 bytes and 3 µs. The piece of a stream
-- that an entry is in, 4 kB at most, is freed when all tasks in it are gone.

local LANE_OF = { c = 'critical', h = 'high', d = 'default', l = 'low' }

local function memberOfMade(lane, id) return string.sub(lane, 1, 1) .. id end
local function madeOf(client) return P .. 'made:' .. client end

local lastMade

-- The newest position there is, for the case that `made:last` was lost: no stream takes an older one.
local function newestMade()
  if call('EXISTS', P .. 'made') == 0 then return '0-0' end
  local about = call('XINFO', 'STREAM', P .. 'made')
  for i = 1, #about, 2 do
    if about[i] == 'last-generated-id' then return about[i + 1] end
  end
end

-- Enters a task, after all others also when the clock was set back. Returns its `timestamp`. `at`: now, Unix ms.
local function enter(lane, id, client, at)
  if not lastMade then
    local time, n = string.match(call('GET', P .. 'made:last') or newestMade(), '^(%d+)-(%d+)$')
    lastMade = { at = tonumber(time), n = tonumber(n) }
  end
  if at > lastMade.at then
    lastMade.at, lastMade.n = at, 0
  else
    lastMade.n = lastMade.n + 1
  end
  local time = ms(lastMade.at)
  local position, member = time .. '-' .. lastMade.n, memberOfMade(lane, id)
  call('XADD', P .. 'made', position, 'i', member)
  if client then call('XADD', madeOf(client), position, 'i', member) end
  lastMade.position = position
  return time .. '.' .. lastMade.n
end

local function flushMade()
  if lastMade then call('SET', P .. 'made:last', lastMade.position) end
end

local function strike(key, positions)
  inPieces(positions, UNPACK, function(from, to) call('XDEL', key, unpack(positions, from, to)) end)
  if call('XLEN', key) == 0 then call('UNLINK', key) end
end

-- Takes tasks of a lane that are about to be removed out of the streams.
local function forgetMade(lane, ids)
  local all, ofClients = {}, {}
  for _, id in ipairs(ids) do
    local job = call('HMGET', jobKey(lane, id), 'timestamp', 'gates')
    local time, n = string.match(job[1] or '', '^(%d+)%.(%d+)$')
    if time then
      local position, client = time .. '-' .. n, string.match('\n' .. (job[2] or ''), '\nc:([^\n]*)')
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
