-- What gates let through: the rules of gates/decide.ts, which a test holds equal. Needs context.lua, circuits.lua
-- and gates.lua.

-- What may wait in a lane for a gate without a cap: enough to keep the fleet busy, little enough that closing the gate
-- does not leave a lane full of tasks that all have to be parked one by one.
local OPEN_WINDOW = 1000

-- What one client may take of the fleet while others wait.
local FLEET_SHARE = 0.8

-- How many tasks a rate lets start now, and when it lets the next one start if none.
local function tokens(gate)
  local tat = math.max(gate.tat, now)
  local free = math.floor((now + gate.burst * gate.interval - tat) / gate.interval + 1e-6)
  return free, tat - (gate.burst - 1) * gate.interval
end

local fleetShare
local function shareOfFleet()
  if not fleetShare then
    local slots = tonumber(call('GET', P .. 'slots'))
    fleetShare = slots and math.max(1, math.floor(slots * FLEET_SHARE)) or math.huge
  end
  return fleetShare
end

local function othersWait(id)
  local others = inHand
  for _, lane in ipairs(LANES) do
    local ofLane = waitLength(lane) - window(id, lane)
    if ofLane > 0 then return true end
    others = others + ofLane
  end
  return others > 0
end

-- How many of `wanted` more tasks a client that has `taken` may have of the fleet.
local function withinShare(id, taken, wanted)
  local gate = gates[id]
  if not gate.isClient or taken + wanted <= shareOfFleet() or not othersWait(id) then return wanted end
  local left = shareOfFleet() - taken
  if left <= 0 and not gate.isShared then
    call('SADD', P .. 'shared', id)
    gate.isShared = true
  end
  return left
end

-- How many more tasks of a lane a gate lets into `wait`; without room: the time at which a rate has some again.
local function room(id, lane)
  local gate = gates[id]
  if not gate.counted then return OPEN_WINDOW end
  if gate.shut then return 0, gate.till end
  local waiting = window(id, lane)
  local most = (gate.cap and gate.cap - gate.n or OPEN_WINDOW) - waiting
  if most > 0 then most = withinShare(id, gate.n + waiting, most) end
  if gate.circuit then
    local free, at = ofHosts().letThrough(id)
    if free - waiting <= 0 then return 0, at end
    most = math.min(most, free - waiting)
  end
  if not gate.interval then return most end
  local free, at = tokens(gate)
  -- What waits already goes first.
  if free - waiting <= 0 then return 0, at + waiting * gate.interval end
  return math.min(most, free - waiting)
end

-- The first gate that has no room for one more task in `wait`, in the order of the list; nothing if all have.
local function noRoom(ids, lane)
  for _, id in ipairs(ids) do
    local free, at = room(id, lane)
    if free <= 0 then return id, at end
  end
  if hasHolds then return ofHosts().heldBack(ids) end
end

-- The first gate that does not let a task start now, and when it opens if that is known. Nothing if all do: then their
-- slots are taken, the third value names them, '\n' between, and of a probe the fourth is the start of its window, which lasts for
-- `probeWindow` milliseconds.
local function takeSlots(ids, probeWindow)
  for _, id in ipairs(ids) do
    local gate = gates[id]
    if gate.counted then
      if gate.shut then return id, gate.till end
      if gate.circuit then
        local free, at = ofHosts().letThrough(id)
        if free <= 0 then return id, at end
      end
      if gate.cap and gate.n >= gate.cap or withinShare(id, gate.n, 1) <= 0 then return id end
      if gate.interval then
        local free, at = tokens(gate)
        if free <= 0 then return id, at end
      end
    end
  end
  if hasHolds then
    local hold, till = ofHosts().heldBack(ids)
    if hold then return hold, till end
  end
  local held, probes, probeOf = '', nil, nil
  for _, id in ipairs(ids) do
    local gate = gates[id]
    if gate.counted then
      gate.n = gate.n + 1
      dirty[id] = true
      held = held == '' and id or held .. '\n' .. id
      if gate.interval then gate.tat = math.max(gate.tat, now) + gate.interval end
      if gate.circuit then probes, probeOf = ofHosts().begin(id, probeWindow) end
    end
  end
  return nil, nil, probes and held .. '\n' .. probes or held, probeOf
end
