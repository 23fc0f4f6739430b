-- Changing what a gate lets through. Needs context.lua, gates.lua, rooms.lua, alive.lua and places.lua.

-- The rest is let in as slots come free: opening a gate in front of 100,000 tasks must not hold Redis.
local MOST_RELEASED = 200

-- What began before a queue or a host was counted holds a slot of it too. Looks at all that runs, 10 µs each: admins
-- limit them now and then.
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

-- What a rate has let through is remembered as a time: one that the new rate would never have come to holds nobody.
local function forgetOldRate(id)
  loadGates({ id })
  local gate = gates[id]
  if not gate.interval then
    call('HDEL', P .. 'tat', id)
  elseif gate.tat > now + gate.burst * gate.interval then
    gate.tat = now + gate.burst * gate.interval
    call('HSET', P .. 'tat', id, string.format('%.3f', gate.tat))
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
  forgetOldRate(id)
  release(id, MOST_RELEASED, maxAge)
  local left = call('ZCARD', P .. 'park:' .. id)
  wakeForSoonest()
  flushWaits()
  flushGates()
  flushAlive()
  return left
end
