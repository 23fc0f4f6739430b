-- What changes the circuit of a host: the rules of circuit-breaker/circuit-rules.ts, and a test holds them equal. Needs
-- context.lua, circuits.lua, gates.lua and `breaker`, a text:
--   <failure threshold>;<interval>;<timeout>;<longest timeout>;<max requests>;<ramp step>   (times in ms)

local judgeOfHosts

-- Made when it is asked for: most turns have nothing to judge, and making some twenty functions costs what a command does.
local function hostJudge()
  if judgeOfHosts then return judgeOfHosts end
  local circuitOf, hostOf = circuitRules(), ofHosts()

  local read
  local function rules()
    if not read then
      local threshold, interval, timeout, timeoutMax, maxRequests, rampStep =
        string.match(breaker, '^(%d+);(%d+);(%d+);(%d+);(%d+);(%d+)$')
      read = {
        threshold = tonumber(threshold), interval = tonumber(interval), timeout = tonumber(timeout),
        timeoutMax = tonumber(timeoutMax), maxRequests = tonumber(maxRequests), rampStep = tonumber(rampStep),
      }
    end
    return read
  end

  -- With a step of 1; then it is over, and the circuit can be forgotten.
  local LONGEST_RAMP = 10000

  -- Dispatchers measure by their own clocks how long an attempt took.
  local IMPRECISION = 1000

  -- Closed; only what clients were asked for, and who was answered how, is not forgotten.
  local NOBODY = { held = 0, wellAt = 0, failedBy = '', wellBy = '' }
  local function cleared(circuit)
    local kept = circuit or NOBODY
    return {
      state = 'c', since = now, opened = 0, till = 0, timeout = 0, failures = 0, max = 0, sent = 0, successes = 0,
      step = 0, second = 0, held = kept.held, by = '', note = '', wellAt = kept.wellAt, failedBy = kept.failedBy,
      wellBy = kept.wellBy,
    }
  end

  -- As it is when nobody has looked at it for a while.
  local function asOf(circuit)
    if not circuit or (circuit.state == 'r' and circuitOf.stateOf(circuit) == 'c') then return cleared(circuit) end
    if circuit.state == 'c' and circuit.since + rules().interval <= now then circuit.failures = 0 end
    return circuit
  end

  -- Whose failures they are, see circuit-breaker/own-fault.ts.
  local SEVERAL = '*'
  local function isOne(client) return client ~= '' and client ~= SEVERAL end

  local function counted(circuit, verdict)
    circuit.failedBy = (circuit.failures == 0 or circuit.failedBy == verdict.client) and verdict.client or SEVERAL
    circuit.failures, circuit.note = circuit.failures + 1, verdict.note
  end

  local function vouched(circuit, client)
    if client ~= '' and client ~= circuit.failedBy then circuit.wellBy, circuit.wellAt = client, now end
  end

  local function relieved(circuit, client)
    if isOne(circuit.failedBy) and (circuit.failures > 0 or circuit.held > now) then vouched(circuit, client) end
    circuit.failures = 0
    return circuit
  end

  local function isOwnFault(circuit, wellBy, wellAt, after)
    return isOne(circuit.failedBy) and wellBy ~= '' and wellBy ~= circuit.failedBy and wellAt > after
  end

  -- Only what the client has for the host is held back: the third value says who, the fourth until when.
  local function heldAlone(circuit, change, client)
    local till = now + rules().timeout
    circuit.failures, circuit.held = 0, math.max(circuit.held, till)
    return circuit, change, client, till
  end

  -- The functions that follow give the circuit and the state that it has come into, if it has changed.

  -- `hold`: the host asks for so long, or nothing.
  local function opened(circuit, forMs, hold, note)
    local open = cleared(circuit)
    -- That is no one client's fault.
    if hold then open.failedBy = SEVERAL end
    open.state, open.opened = 'o', circuit.opened > 0 and circuit.opened or now
    open.till, open.timeout = now + math.max(forMs, hold or 0), forMs > 0 and forMs or rules().timeout
    open.failures, open.note = circuit.failures, note
    open.max, open.step = rules().maxRequests, rules().rampStep
    return open, 'open'
  end

  -- The failure is counted already.
  local function openedAgain(circuit, hold, note)
    local usual, longest = rules().timeout, rules().timeoutMax
    return opened(circuit, longest > usual and math.min(circuit.timeout * 2, longest) or usual, hold, note)
  end

  -- Closed, and what waits is let in step by step.
  local function closed(circuit)
    local ramp = cleared(circuit)
    if rules().rampStep > 0 then
      ramp.state, ramp.opened, ramp.timeout, ramp.max = 'r', circuit.opened, circuit.timeout, circuit.max
      ramp.step = rules().rampStep
      -- Who had opened it by hand and why, is over.
      ramp.note = circuit.by == '' and circuit.note or ''
    end
    return ramp, 'closed'
  end

  -- Enough failures in a row, but while others are answered well: the host stays as it is.
  local function isAlone(circuit, verdict, after)
    local isOwn = not verdict.hold and isOwnFault(circuit, circuit.wellBy, circuit.wellAt, after)
    return isOwn and verdict.mayHold(circuit.failedBy)
  end

  local function judgeClosed(circuit, verdict)
    if verdict.kind == 's' then return relieved(circuit, verdict.client) end
    if verdict.kind ~= 'f' then return circuit end
    if circuit.failures == 0 then circuit.since = now end
    counted(circuit, verdict)
    if circuit.failures >= rules().threshold then
      if isAlone(circuit, verdict, now - rules().interval) then return heldAlone(circuit, nil, circuit.failedBy) end
      return opened(circuit, rules().timeout, verdict.hold, verdict.note)
    end
    if verdict.hold then return opened(circuit, 0, verdict.hold, verdict.note) end
    return circuit
  end

  -- A probe of the window that has just ended succeeds after all; of a host that has asked to be left alone it says nothing.
  local function isOfLastWindow(circuit, verdict)
    local isLast = verdict.probeOf and verdict.probeOf >= circuit.since - rules().timeout
    return verdict.kind == 's' and isLast and circuit.till == circuit.since + circuit.timeout
  end

  -- It began before the circuit opened. What the host asks for holds, unless somebody has said for how long.
  local function judgeOpen(circuit, verdict)
    if circuit.by ~= '' then return circuit end
    local isLate = isOfLastWindow(circuit, verdict) and isOwnFault(circuit, verdict.client, now, now - 1)
    if isLate and verdict.mayHold(circuit.failedBy) then
      vouched(circuit, verdict.client)
      local ramp, change = closed(circuit)
      return heldAlone(ramp, change, circuit.failedBy)
    end
    if verdict.hold then
      circuit.till, circuit.failedBy = math.max(circuit.till, now + verdict.hold), SEVERAL
    end
    return circuit
  end

  -- One failure opens it again, but not when another client was answered well in this window.
  local function probeFailed(circuit, verdict)
    counted(circuit, verdict)
    circuit.failedBy = verdict.client
    if not isAlone(circuit, verdict, circuit.since - 1) then return openedAgain(circuit, verdict.hold, verdict.note) end
    local ramp, change = closed(circuit)
    return heldAlone(ramp, change, verdict.client)
  end

  local function judgeProbe(circuit, verdict)
    if verdict.probeOf ~= circuit.since then return circuit end
    if verdict.kind == 'n' then circuit.sent = circuit.sent - 1 end
    if verdict.kind == 'f' then return probeFailed(circuit, verdict) end
    if verdict.kind == 's' then
      circuit.successes = circuit.successes + 1
      vouched(circuit, verdict.client)
      if circuit.successes >= circuit.max then return closed(circuit) end
    end
    return circuit
  end

  -- As many failures in a row as of a closed one. What began before the ramp says nothing about now.
  local function judgeRamping(circuit, verdict)
    local isOld = verdict.probeOf or verdict.begun + IMPRECISION < circuit.since
    if isOld or verdict.kind == 'n' then return circuit end
    if verdict.kind == 's' then return relieved(circuit, verdict.client) end
    counted(circuit, verdict)
    if circuit.failures < rules().threshold and not verdict.hold then return circuit end
    if isAlone(circuit, verdict, now - rules().interval) then return heldAlone(circuit, nil, circuit.failedBy) end
    return openedAgain(circuit, verdict.hold, verdict.note)
  end

  local JUDGES = { c = judgeClosed, o = judgeOpen, h = judgeProbe, r = judgeRamping }

  -- Nothing is kept of a host that there is nothing against, nor that speaks for it.
  local function worthKeeping(circuit)
    if circuit.state ~= 'c' or circuit.failures > 0 or circuit.held > now then return true end
    return circuit.wellBy ~= '' and circuit.wellAt + rules().interval > now
  end

  local function isListed(circuit) return circuit and circuit.state ~= 'c' or false end

  -- The gate of a host counts its tasks while the circuit is not closed; when that is over, the counts are forgotten.
  local function relist(host, isOpen)
    local id = 'h:' .. host
    if isOpen then call('ZADD', P .. 'circuits:open', 0, host) else call('ZREM', P .. 'circuits:open', host) end
    loadGates({ id })
    hostOf.bind(id)
    if not gates[id].counted then hostOf.forgetWindows(id) end
  end

  -- Puts a circuit in the place of the one that a host has; `change`: the state that it comes into, if another.
  local function setCircuit(host, circuit, change)
    local before = circuits[host]
    if not worthKeeping(circuit) then circuit = false end
    if not before and circuit then
      -- What somebody opens by hand is bounded by hands.
      if circuit.by == '' and call('HLEN', P .. 'circuits') >= MOST_CIRCUITS then return end
      call('ZADD', P .. 'circuits:look', ms(math.max(now + rules().interval, circuit.held)), host)
    end
    circuits[host], dirtyCircuits[host] = circuit, true
    if isListed(before) ~= isListed(circuit) then relist(host, isListed(circuit)) end
    if gates['h:' .. host] then hostOf.bind('h:' .. host) end
    if circuit and circuit.state == 'r' and change then
      call('ZADD', P .. 'circuits:look', 'LT', ms(now + LONGEST_RAMP), host)
    end
    if change then
      touched['h:' .. host] = true
      circuitOf.changed(host, change)
    end
  end

  -- `verdict`: kind (s = success, f = failure, n = nothing), client or '', hold of the host and hold of the client in ms or nil,
  -- note, probeOf (of a probe: the start of its window) or nil, begun, and mayHold, which says of a client whether it can be
  -- held. Returns the client that has to leave the host alone, and until when; nothing when none has.
  local function judge(host, verdict)
    if rules().threshold == 0 then
      if verdict.kind == 'f' then verdict.kind = 's' end
      verdict.hold, verdict.holdClient = nil, nil
    end
    local before = circuits[host]
    local current = asOf(before)
    local circuit, change, client, till = JUDGES[current.state](current, verdict)
    if verdict.holdClient then circuit.held = math.max(circuit.held, now + verdict.holdClient) end
    if before or worthKeeping(circuit) then setCircuit(host, circuit, change) end
    return client, till
  end

  judgeOfHosts = {
    rules = rules, asOf = asOf, cleared = cleared, opened = opened, closed = closed, worthKeeping = worthKeeping,
    setCircuit = setCircuit, judge = judge,
  }
  return judgeOfHosts
end
