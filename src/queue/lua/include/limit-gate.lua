-- Changing what a gate lets through. Needs context.lua, gates.lua and places.lua.

-- The rest is let in as slots come free: opening a gate in front of 100,000 tasks must not hold Redis.
local MOST_RELEASED = 200

-- Replaces the limits of a gate (as in hash `gates`; '' = none) and lets in at once what that allows. Returns how many
-- tasks are still parked under it.
local function limitGate(id, limits, maxAge)
  if limits == '' then
    call('HDEL', P .. 'gates', id)
    for _, lane in ipairs(LANES) do call('HDEL', P .. 'window', id .. '/' .. lane) end
  else
    call('HSET', P .. 'gates', id, limits)
  end
  release(id, MOST_RELEASED, maxAge)
  flushWaits()
  flushGates()
  local left = call('ZCARD', P .. 'park:' .. id)
  -- A gate without limits is touched by nothing any more: it is looked at again until nothing is left under it.
  if left > 0 then wakeAt(id, now + 10) end
  return left
end
