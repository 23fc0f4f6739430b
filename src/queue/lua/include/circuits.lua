-- Circuits of hosts, and how many tasks they let through: the rules of gates/circuit.ts, and of what begins those of
-- circuit-breaker/circuit-rules.ts; tests hold them equal. Needs context.lua and `now`.
--
-- Hash `circuits` has, by host (an origin), all that there is against it; of a host that is closed and has not failed
-- lately it has nothing:
--   <state>;<since>;<opened at>;<until or ''>;<timeout>;<failures>;<max requests>;<sent>;<successes>;<ramp step>;
--   <second>;<held until>;<well at>;<opened by>;<failed by>;<well by>;<note>
-- State is c(losed), o(pen), h(alf-open) or r(amping); times are Unix ms; gates/circuit.ts says what each means.
-- ZSET `circuits:open` has the hosts whose circuits are not closed, all with score 0, in their order; ZSET
-- `circuits:look` when to look whether a host can be forgotten.

-- More hosts than any fleet calls that fail at the same time; of further ones nothing is held against.
local MOST_CIRCUITS = 100000

-- By host: its circuit, or false; those that have to be written; and what changed, four values for each: host, state,
-- until or '', note.
local circuits, dirtyCircuits, changes = {}, {}, {}

-- What there is to know of circuits. Made when it is asked for: there is nothing against nearly all hosts, and making a
-- dozen functions costs what several commands do.
local rulesOfCircuits
local function circuitRules()
  if rulesOfCircuits then return rulesOfCircuits end

  local CIRCUIT = '^(%l);' .. string.rep('(%d*);', 12) .. string.rep('([^;]*);', 3) .. '(.*)$'

  -- A ramp is over when its next second would let more than this through.
  local RAMP_ENDS_ABOVE = 1000

  local function parse(text)
    local state, since, opened, till, timeout, failures, max, sent, successes, step, second, held, wellAt, by, failedBy,
      wellBy, note = string.match(text, CIRCUIT)
    return {
      state = state, since = tonumber(since), opened = tonumber(opened), till = tonumber(till) or math.huge,
      timeout = tonumber(timeout), failures = tonumber(failures), max = tonumber(max), sent = tonumber(sent),
      successes = tonumber(successes), step = tonumber(step), second = tonumber(second), held = tonumber(held),
      wellAt = tonumber(wellAt), by = by, failedBy = failedBy, wellBy = wellBy, note = note, text = text,
    }
  end

  local function textOf(circuit)
    return table.concat({
      circuit.state, ms(circuit.since), ms(circuit.opened), circuit.till < math.huge and ms(circuit.till) or '',
      ms(circuit.timeout), circuit.failures, circuit.max, circuit.sent, circuit.successes, circuit.step,
      circuit.second, ms(circuit.held), ms(circuit.wellAt), circuit.by, circuit.failedBy, circuit.wellBy, circuit.note,
    }, ';')
  end

  local function rampSecond(circuit) return math.max(0, math.floor((now - circuit.since) / 1000)) end
  local function mostInSecond(circuit, second) return circuit.step * 2 ^ second end

  local function stateOf(circuit)
    if circuit.state == 'o' and circuit.till <= now then return 'h' end
    if circuit.state == 'r' and mostInSecond(circuit, rampSecond(circuit)) > RAMP_ENDS_ABOVE then return 'c' end
    return circuit.state
  end

  -- At most `max` probes go out in one window. One whose worker was lost is not counted as sent, as neither has it a verdict
  -- nor is it under way; with probes of earlier windows under way nobody can tell, and it is replaced in the next one.
  local function probing(circuit, probes)
    if circuit.state == 'o' or circuit.till <= now then return circuit.max end
    return circuit.max - math.min(circuit.sent, circuit.successes + probes), circuit.till
  end

  -- How many more tasks may call the host now, and when that changes by itself. `probes`: how many are under way.
  local function letThrough(circuit, probes)
    local state = stateOf(circuit)
    if state == 'c' then return math.huge end
    if state == 'o' then return 0, circuit.till < math.huge and circuit.till or nil end
    if state == 'h' then return probing(circuit, probes) end
    local second = rampSecond(circuit)
    local begun = circuit.second == second and circuit.sent or 0
    return mostInSecond(circuit, second) - begun, circuit.since + (second + 1) * 1000
  end

  local function changed(host, state)
    local circuit = circuits[host]
    local till = circuit and state == 'open' and circuit.till < math.huge and ms(circuit.till) or ''
    append(changes, { host, state, till, circuit and circuit.note or '' })
  end

  -- A task begins to call a host whose circuit does not let everything through. Of a probe: the start of its window, which
  -- lasts for `probeWindow` milliseconds.
  local function begin(host, circuit, probeWindow)
    dirtyCircuits[host] = true
    if circuit.state == 'r' then
      local second = rampSecond(circuit)
      circuit.sent = circuit.second == second and circuit.sent + 1 or 1
      circuit.second = second
      return nil
    end
    if circuit.state == 'h' and circuit.till > now then
      circuit.sent = circuit.sent + 1
      return circuit.since
    end
    local isNew = circuit.state ~= 'h'
    circuit.state, circuit.since, circuit.till, circuit.sent, circuit.successes = 'h', now, now + probeWindow, 1, 0
    if isNew then changed(host, 'half_open') end
    return now
  end

  local function flush()
    local some, gone = {}, {}
    for host in pairs(dirtyCircuits) do
      local circuit = circuits[host]
      local text = circuit and textOf(circuit)
      if not circuit then
        gone[#gone + 1] = host
      elseif text ~= circuit.text then
        append(some, { host, text })
        circuit.text = text
      end
    end
    inPieces(some, UNPACK, function(from, to) call('HSET', P .. 'circuits', unpack(some, from, to)) end)
    inPieces(gone, UNPACK, function(from, to) call('HDEL', P .. 'circuits', unpack(gone, from, to)) end)
    dirtyCircuits = {}
  end

  rulesOfCircuits = {
    parse = parse, textOf = textOf, stateOf = stateOf, letThrough = letThrough, begin = begin, changed = changed,
    flush = flush,
  }
  return rulesOfCircuits
end

-- Reads the circuits that are not known yet, in one command for all of them.
local function loadCircuits(hosts)
  local unknown = {}
  for _, host in ipairs(hosts) do
    if circuits[host] == nil then
      circuits[host] = false
      unknown[#unknown + 1] = host
    end
  end
  inPieces(unknown, UNPACK, function(from, to)
    local texts = call('HMGET', P .. 'circuits', unpack(unknown, from, to))
    for i = from, to do
      local text = texts[i - from + 1]
      if text then circuits[unknown[i]] = circuitRules().parse(text) end
    end
  end)
end
