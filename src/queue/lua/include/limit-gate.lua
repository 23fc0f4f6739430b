-- Changing what a gate lets through. Needs context.lua, gates.lua and places.lua.

-- The rest is let in as slots come free: opening a gate in front of 100,000 tasks must not hold Redis.
local MOST_RELEASED = 200

-- What began before a gate was counted holds a slot of it too.
local function countRunning(id)
  loadGates({ id })
  for _, lane in ipairs(LANES) do
    for _, task in ipairs(call('LRANGE', setKey(lane, 'active'), 0, -1)) do
      local member, isOfGate = lane .. ':' .. task, false
      for _, gate in ipairs(gatesOf(call('HGET', jobKey(lane, task), 'gates'))) do isOfGate = isOfGate or gate == id end
      local held = isOfGate and (call('HGET', P .. 'held', member) or '')
      if held and not string.find('\n' .. held .. '\n', '\n' .. id .. '\n', 1, true) then
        call('HSET', P .. 'held', member, held == '' and id or held .. '\n' .. id)
        gates[id].n = gates[id].n + 1
        dirty[id] = true
      end
    end
  end
end

-- Replaces the limits of a gate (as in hash `gates`; '' = none) and lets in at once what that allows. Returns how many
-- tasks are still parked under it.
local function limitGate(id, limits, maxAge)
  if limits == '' then
    call('HDEL', P .. 'gates', id)
    if string.byte(id) ~= CLIENT then
      for _, lane in ipairs(LANES) do call('HDEL', P .. 'window', id .. '/' .. lane) end
    end
  else
    local isNew = call('HSET', P .. 'gates', id, limits) == 1
    if isNew and string.byte(id) ~= CLIENT then countRunning(id) end
  end
  release(id, MOST_RELEASED, maxAge)
  local left = call('ZCARD', P .. 'park:' .. id)
  wakeForSoonest()
  flushWaits()
  flushGates()
  return left
end
