-- Gates: reasons why a due task may not run yet. Needs context.lua, circuits.lua and `now`.
--
-- A gate is `q:<queue>`, `c:<client>` or `h:<host>`; field `gates` of a job names those of a task, '\n' between, in the
-- order in which they are asked. Hash `gates` holds those that restrict anything, as
--   <shut 0|1>;<shut until, Unix ms, or ''>;<cap or ''>;<tasks per second or ''>;<burst or ''>
-- A gate that is not in it is open. Clients are counted also then: none may take all of the fleet from the others. Hosts
-- are counted also while their circuit is not closed.
-- Two kinds are no gates of their own. `p:<host>` counts the probes that are under way to a host; every one holds a slot
-- of it. `k:<client> <host>` holds back what a client has for a host that has asked it to wait: hash `holds` has until
-- when (Unix ms), and the circuit of the host that there is something to look up.
-- Hash `running` counts the tasks that hold a slot of a gate; a slot belongs to the task (hash `held`: lane:id -> gates,
-- '\n' between) and comes back when the task is settled, so a crash leaks none.
-- Hash `window` counts, per gate and lane, the tasks that were let into `wait`: no more are let in than the gate can
-- take, so that the dispatcher does not fetch what it would have to put back.
-- Hash `tat` has, for gates with a rate, the theoretical arrival time of GCRA (ITU-T I.371), in milliseconds.
-- `slots` is how many tasks the dispatchers that are alive can run at once. Set `shared` has the clients that were held
-- back because others waited.

local CLIENT, HOST, PROBE, HOLD = string.byte('c'), string.byte('h'), string.byte('p'), string.byte('k')

local NOW = ms(now)
local gates, dirty, touched = {}, {}, {}
-- By lane, then by gate.
local windows, dirtyWindows = {}, {}
for _, lane in ipairs(LANES) do windows[lane], dirtyWindows[lane] = {}, {} end

-- Tasks that go into `wait` of each lane at the next flush; how many wait there with them, as far as it was asked; how
-- many were taken out and are being looked at.
local pushes, waits, inHand = {}, {}, 0
local function waitLength(lane)
  if not waits[lane] then waits[lane] = call('LLEN', setKey(lane, 'wait')) + #(pushes[lane] or {}) end
  return waits[lane]
end

local function limit(gate, raw)
  local shut, till, cap, rate, burst = string.match(raw, '^(%d);([%d.]*);([%d.]*);([%d.]*);([%d.]*)$')
  gate.counted, gate.limited = true, true
  gate.till = tonumber(till)
  gate.shut = shut == '1' and not (gate.till and gate.till <= now)
  gate.cap = tonumber(cap)
  gate.interval = tonumber(rate) and 1000 / tonumber(rate) or nil
  gate.burst = tonumber(burst) or 1
end

-- Whether any host has asked anybody to wait.
local hasHolds = false

-- See below.
local ofHosts

local function loadCounts(counted)
  if #counted == 0 then return end
  local counts = call('HMGET', P .. 'running', unpack(counted))
  for i, id in ipairs(counted) do
    local gate = gates[id]
    gate.n = tonumber(counts[i]) or 0
    if gate.interval then gate.tat = tonumber(call('HGET', P .. 'tat', id)) or 0 end
  end
end

-- Reads the gates that are not known yet, three commands for all of them together.
local function loadGates(ids)
  local unknown, hosts = {}, {}
  for _, id in ipairs(ids) do
    if not gates[id] then
      local kind = string.byte(id)
      if kind == HOLD then
        gates[id] = ofHosts().hold(id)
      else
        gates[id] = { counted = kind == CLIENT or kind == PROBE, isClient = kind == CLIENT }
        unknown[#unknown + 1] = id
        if kind == HOST then hosts[#hosts + 1] = string.sub(id, 3) end
      end
    end
  end
  if #unknown == 0 then return end
  local raws, counted = call('HMGET', P .. 'gates', unpack(unknown)), {}
  for i, id in ipairs(unknown) do
    if raws[i] then limit(gates[id], raws[i]) end
    if gates[id].counted then counted[#counted + 1] = id end
  end
  loadCounts(counted)
  if #hosts == 0 then return end
  loadCircuits(hosts)
  for _, host in ipairs(hosts) do
    if circuits[host] then ofHosts().bind('h:' .. host) end
  end
end

local function window(id, lane)
  local count = windows[lane][id]
  if not count then
    count = tonumber(call('HGET', P .. 'window', id .. '/' .. lane)) or 0
    windows[lane][id] = count
  end
  return count
end

local function moveWindow(id, lane, by)
  local count = window(id, lane) + by
  windows[lane][id] = count > 0 and count or 0
  dirtyWindows[lane][id] = true
end

-- More (client, host) pairs than any fleet has that are asked to wait at the same time; further ones are not.
local MOST_HOLDS = 10000

-- What only the gates of hosts have that there is something against; made when it is asked for, as in circuits.lua.
local madeOfHosts
function ofHosts()
  if madeOfHosts then return madeOfHosts end
  local circuitOf = circuitRules()

  -- What the circuit of a host means for its gate.
  local function bind(id)
    local gate, circuit = gates[id], circuits[string.sub(id, 3)]
    gate.circuit = circuit and circuit.state ~= 'c' and circuit or nil
    gate.hasHolds = circuit and circuit.held > now
    hasHolds = hasHolds or gate.hasHolds
    gate.counted = gate.limited or gate.circuit ~= nil
    if gate.counted and not gate.n then gate.n = tonumber(call('HGET', P .. 'running', id)) or 0 end
  end

  local function hold(id)
    local till = tonumber(call('HGET', P .. 'holds', id)) or 0
    return { counted = true, n = 0, till = till, shut = till > now }
  end

  -- Whether one more pair may be held.
  local function mayHold(id)
    return call('HLEN', P .. 'holds') < MOST_HOLDS or call('HEXISTS', P .. 'holds', id) == 1
  end

  local function clientOf(ids)
    for _, id in ipairs(ids) do
      if string.byte(id) == CLIENT then return string.sub(id, 3) end
    end
    return ''
  end

  -- The gate that holds what the client of a task has for its host.
  local function holdOf(ids) return 'k:' .. clientOf(ids) .. ' ' .. string.sub(ids[#ids] or '', 3) end

  -- Whether the host of a task has asked its client to wait: the gate that holds it then, and until when.
  local function heldBack(ids)
    local host = gates[ids[#ids] or '']
    if not host or not host.hasHolds then return end
    local id = holdOf(ids)
    loadGates({ id })
    if gates[id].shut then return id, gates[id].till end
  end

  local function probesOf(id)
    local probes = 'p' .. string.sub(id, 2)
    loadGates({ probes })
    return gates[probes].n
  end

  -- How many more tasks the circuit of a host lets through, and when that changes by itself.
  local function letThrough(id)
    local circuit = gates[id].circuit
    return circuitOf.letThrough(circuit, circuitOf.stateOf(circuit) == 'h' and probesOf(id) or 0)
  end

  -- A task takes a slot of a host and begins under its circuit. Of a probe: the slot of the probes, and the start of their
  -- window, which lasts for `probeWindow` milliseconds.
  local function begin(id, probeWindow)
    local circuit = gates[id].circuit
    if circuitOf.stateOf(circuit) == 'c' then return end
    local probeOf = circuitOf.begin(string.sub(id, 3), circuit, probeWindow)
    if not probeOf then return end
    local probes = 'p' .. string.sub(id, 2)
    gates[probes].n = probesOf(id) + 1
    dirty[probes] = true
    -- What waits has to be looked at when the window ends.
    touched[id] = true
    return probes, probeOf
  end

  -- Nobody counts any more what waits for a gate.
  local function forgetWindows(id)
    for _, lane in ipairs(LANES) do
      windows[lane][id] = 0
      dirtyWindows[lane][id] = true
    end
  end

  madeOfHosts = {
    bind = bind, hold = hold, mayHold = mayHold, clientOf = clientOf, holdOf = holdOf, heldBack = heldBack, probesOf = probesOf, letThrough = letThrough,
    begin = begin, forgetWindows = forgetWindows,
  }
  return madeOfHosts
end

-- Reads in four commands what the gates of many tasks need; `listsOf`: by lane, set of lists of gates.
local function loadAll(listsOf)
  local ids = {}
  for _, some in pairs(listsOf) do
    for list in pairs(some) do
      for _, id in ipairs(list) do
        if not gates[id] then ids[#ids + 1] = id end
      end
    end
  end
  inPieces(ids, UNPACK, function(from, to) loadGates({ unpack(ids, from, to) }) end)
  local fields, asked = {}, {}
  for lane, some in pairs(listsOf) do
    for list in pairs(some) do
      for _, id in ipairs(list) do
        if gates[id].counted and not windows[lane][id] then
          windows[lane][id] = 0
          fields[#fields + 1] = id .. '/' .. lane
          asked[#asked + 1] = { lane, id }
        end
      end
    end
  end
  inPieces(fields, UNPACK, function(from, to)
    local counts = call('HMGET', P .. 'window', unpack(fields, from, to))
    for i = from, to do windows[asked[i][1]][asked[i][2]] = tonumber(counts[i - from + 1]) or 0 end
  end)
end

local function giveBack(id)
  loadGates({ id })
  local gate = gates[id]
  -- A probe holds a slot of its host besides, under which it would be parked.
  if string.byte(id) ~= PROBE then touched[id] = true end
  if gate.n then
    gate.n = math.max(0, gate.n - 1)
    dirty[id] = true
  else
    -- The limit was lifted while the task ran; its count goes on being kept until nothing holds a slot.
    local left = call('HINCRBY', P .. 'running', id, -1)
    if left <= 0 then call('HDEL', P .. 'running', id) end
  end
end

local function flushGates()
  local running, waiting = {}, {}
  for id in pairs(dirty) do
    running[id] = gates[id].n
    if gates[id].interval then call('HSET', P .. 'tat', id, string.format('%.3f', gates[id].tat)) end
  end
  for lane, ids in pairs(dirtyWindows) do
    for id in pairs(ids) do waiting[id .. '/' .. lane] = windows[lane][id] end
  end
  writeCounts(P .. 'running', running)
  writeCounts(P .. 'window', waiting)
  if next(dirtyCircuits) then circuitRules().flush() end
end
