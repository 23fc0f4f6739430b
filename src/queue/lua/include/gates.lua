-- Gates: reasons why a due task may not run yet. Needs context.lua and `now`.
--
-- A gate is `q:<queue>`, `c:<client>` or `h:<host>`. Hash `gates` holds those that restrict anything, as
--   <shut 0|1>;<shut until, Unix ms, or ''>;<cap or ''>;<tasks per second or ''>;<burst or ''>
-- A gate that is not in it is open. Hash `running` counts the tasks that hold a slot of a gate; a slot belongs to the
-- task (hash `held`: lane:id -> gates, '\n' between) and comes back when the task is settled, so a crash leaks none.
-- Hash `window` counts, per gate and lane, the tasks that were let into `wait`: no more are let in than the gate can
-- take, so that the dispatcher does not fetch what it would have to put back.
-- Hash `tat` has, for gates with a rate, the theoretical arrival time of GCRA (ITU-T I.371), in milliseconds.

-- What may wait in a lane for a gate without a cap: enough to keep the fleet busy, little enough that closing the gate
-- does not leave a lane full of tasks that all have to be parked one by one.
local OPEN_WINDOW = 1000

local gates, dirty, windows, dirtyWindows, touched = {}, {}, {}, {}, {}

local function parseGate(raw)
  local shut, till, cap, rate, burst = string.match(raw, '^(%d);([%d.]*);([%d.]*);([%d.]*);([%d.]*)$')
  till = tonumber(till)
  return {
    limited = true,
    shut = shut == '1' and not (till and till <= now),
    till = till,
    cap = tonumber(cap),
    interval = tonumber(rate) and 1000 / tonumber(rate) or nil,
    burst = tonumber(burst) or 1,
  }
end

-- Reads the gates that are not known yet, two commands for all of them together.
local function loadGates(ids)
  local unknown = {}
  for _, id in ipairs(ids) do
    if not gates[id] then
      gates[id] = { limited = false }
      unknown[#unknown + 1] = id
    end
  end
  if #unknown == 0 then return end
  local raws, limited = call('HMGET', P .. 'gates', unpack(unknown)), {}
  for i, raw in ipairs(raws) do
    if raw then
      gates[unknown[i]] = parseGate(raw)
      limited[#limited + 1] = unknown[i]
    end
  end
  if #limited == 0 then return end
  local counts = call('HMGET', P .. 'running', unpack(limited))
  for i, id in ipairs(limited) do
    local gate = gates[id]
    gate.n = tonumber(counts[i]) or 0
    if gate.interval then gate.tat = tonumber(call('HGET', P .. 'tat', id)) or 0 end
  end
end

local function window(id, lane)
  local field = id .. '/' .. lane
  if not windows[field] then windows[field] = tonumber(call('HGET', P .. 'window', field)) or 0 end
  return windows[field]
end

local function moveWindow(id, lane, by)
  local field = id .. '/' .. lane
  windows[field] = math.max(0, window(id, lane) + by)
  dirtyWindows[field] = true
end

-- How many tasks a rate lets start now, and when it lets the next one start if none.
local function tokens(gate)
  local tat = math.max(gate.tat, now)
  local free = math.floor((now + gate.burst * gate.interval - tat) / gate.interval + 1e-6)
  return free, tat - (gate.burst - 1) * gate.interval
end

-- How many more tasks of a lane a gate lets into `wait`; without room: the time at which a rate has some again.
local function room(id, lane)
  local gate = gates[id]
  if not gate.limited then return OPEN_WINDOW end
  if gate.shut then return 0, gate.till end
  local most = (gate.cap and gate.cap - gate.n or OPEN_WINDOW) - window(id, lane)
  if not gate.interval then return most end
  local free, at = tokens(gate)
  if free - window(id, lane) <= 0 then return 0, at end
  return math.min(most, free - window(id, lane))
end

-- The first gate that has no room for one more task in `wait`, in the order of the list; nothing if all have.
local function noRoom(ids, lane)
  for _, id in ipairs(ids) do
    local free, at = room(id, lane)
    if free <= 0 then return id, at end
  end
end

-- The first gate that does not let a task start now; nothing if all do, and then their slots are taken.
local function takeSlots(ids)
  for _, id in ipairs(ids) do
    local gate = gates[id]
    if gate.limited then
      if gate.shut then return id, gate.till end
      if gate.cap and gate.n >= gate.cap then return id end
      if gate.interval then
        local free, at = tokens(gate)
        if free <= 0 then return id, at end
      end
    end
  end
  local held = {}
  for _, id in ipairs(ids) do
    local gate = gates[id]
    if gate.limited then
      gate.n = gate.n + 1
      dirty[id] = true
      held[#held + 1] = id
      if gate.interval then gate.tat = math.max(gate.tat, now) + gate.interval end
    end
  end
  return nil, nil, held
end

local function giveBack(id)
  loadGates({ id })
  local gate = gates[id]
  touched[id] = true
  if gate.limited then
    gate.n = math.max(0, gate.n - 1)
    dirty[id] = true
  else
    -- The limit was lifted while the task ran; its count goes on being kept until nothing holds a slot.
    local left = call('HINCRBY', P .. 'running', id, -1)
    if left <= 0 then call('HDEL', P .. 'running', id) end
  end
end

local function flushGates()
  local counts, tats, none = {}, {}, {}
  for id in pairs(dirty) do
    local gate = gates[id]
    if gate.n > 0 then
      counts[#counts + 1] = id
      counts[#counts + 1] = gate.n
    else
      none[#none + 1] = id
    end
    if gate.interval then
      tats[#tats + 1] = id
      tats[#tats + 1] = string.format('%.3f', gate.tat)
    end
  end
  if #counts > 0 then call('HSET', P .. 'running', unpack(counts)) end
  if #none > 0 then call('HDEL', P .. 'running', unpack(none)) end
  if #tats > 0 then call('HSET', P .. 'tat', unpack(tats)) end
  local full, empty = {}, {}
  for field in pairs(dirtyWindows) do
    if windows[field] > 0 then
      full[#full + 1] = field
      full[#full + 1] = windows[field]
    else
      empty[#empty + 1] = field
    end
  end
  if #full > 0 then call('HSET', P .. 'window', unpack(full)) end
  if #empty > 0 then call('HDEL', P .. 'window', unpack(empty)) end
end
