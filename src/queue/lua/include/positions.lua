-- Streams whose entries are struck off one by one. Needs context.lua.
--
-- An entry of stream `<name>` is at a position <ms>-<n>; `<name>:last` has the newest one. Entries have a field `i`, the
-- first letter of the lane of a task and its id.

local LANE_OF = { c = 'critical', h = 'high', d = 'default', l = 'low' }

local function memberOf(lane, id) return string.sub(lane, 1, 1) .. id end

-- The newest position there is, for the case that it was lost: no stream takes an older one.
local function newestIn(name)
  if call('EXISTS', P .. name) == 0 then return '0-0' end
  local about = call('XINFO', 'STREAM', P .. name)
  for i = 1, #about, 2 do
    if about[i] == 'last-generated-id' then return about[i + 1] end
  end
end

-- What the indexes and the history have of a task: { timestamp, gates, died, fp, kept }, read once.
local indexed = {}
local function indexOf(lane, id)
  local key = jobKey(lane, id)
  local known = indexed[key]
  if not known then
    known = call('HMGET', key, 'timestamp', 'gates', 'died', 'fp', 'kept')
    indexed[key] = known
  end
  return known
end

-- By name of the stream.
local lastOf = {}

-- A position after all others, also when the clock was set back. `at`: now, Unix ms. Returns its two parts.
local function nextPosition(name, at)
  local last = lastOf[name]
  if not last then
    local time, n = string.match(call('GET', P .. name .. ':last') or newestIn(name), '^(%d+)-(%d+)$')
    last = { at = tonumber(time), n = tonumber(n) }
    lastOf[name] = last
  end
  if at > last.at then
    last.at, last.n = at, 0
  else
    last.n = last.n + 1
  end
  return ms(last.at), last.n
end

local function flushPositions()
  for name, last in pairs(lastOf) do call('SET', P .. name .. ':last', ms(last.at) .. '-' .. last.n) end
end

-- Takes entries out of a stream. Returns whether there are no more.
local function strike(key, positions)
  inPieces(positions, UNPACK, function(from, to) call('XDEL', key, unpack(positions, from, to)) end)
  if call('XLEN', key) > 0 then return false end
  call('UNLINK', key)
  return true
end
