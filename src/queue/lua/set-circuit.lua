-- Opens or closes the circuit of a host because somebody says so, or forgets all that there is against it, with a line in
-- the audit log.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  host
-- ARGV[3]  `open`, `close` (its tasks are let in step by step) or `reset` (at once; clients that were asked to wait need
--          not any more)
-- ARGV[4]  open: until when, Unix milliseconds; '' = until somebody says otherwise
-- ARGV[5]  open: who says so, without `;`
-- ARGV[6]  open: why
-- ARGV[7]  when circuits open and close, as in step.lua
-- ARGV[8]  how long a gate may hold a task after it was due, milliseconds
-- ARGV[9]  line for the audit log, written when anything changes; '' = none
-- ARGV[10] how many lines the audit log keeps, about
-- ARGV[11] the circuit as the caller has read it, as in hash `circuits`; '' = there was none, `*` = whatever it was
-- Returns  { 1, changes as in step.lua, { the circuit as it is now or '', how many tasks wait for the host, how many probe it },
--          now in Unix ms }; { 0, {} } when it is another one by now and nothing was changed

--@include context
--@include purges
local now = clock(ARGV[1])
--@include circuits
-- What an order goes by, and what the audit log tells of it. Counters change with every turn, and so does whether anything is
-- known of a host that is closed and fails now and then.
local function gist(text)
  local circuit = text ~= '' and circuitRules().parse(text)
  if not circuit or circuit.state == 'c' then return 'c' end
  return table.concat({ circuit.state, tostring(circuit.till), circuit.by, circuit.note }, ';')
end
if ARGV[11] ~= '*' and gist(call('HGET', P .. 'circuits', ARGV[2]) or '') ~= gist(ARGV[11]) then return { 0, {} } end
--@include gates
--@include rooms
--@include alive
--@include places
local breaker = ARGV[7]
--@include judge
--@include audit
local judge = hostJudge()

-- The rest is let in as slots come free.
local MOST_RELEASED = 200

local host, maxAge = ARGV[2], tonumber(ARGV[8])

local function forgetHolds()
  local suffix = ' ' .. host
  for _, id in ipairs(call('HKEYS', P .. 'holds')) do
    if string.sub(id, -#suffix) == suffix then
      call('HDEL', P .. 'holds', id)
      touched[id] = true
    end
  end
end

local ORDERS = {
  open = function(circuit)
    local current, till = judge.asOf(circuit), tonumber(ARGV[4]) or math.huge
    local isSo = current.state == 'o' and current.by ~= ''
    if isSo and current.till == till and current.note == ARGV[6] then return current end
    local open, change = judge.opened(current, judge.rules().timeout, nil, ARGV[6])
    open.till, open.by = till, ARGV[5]
    return open, change
  end,
  close = function(circuit)
    local current = judge.asOf(circuit)
    if current.state == 'o' or current.state == 'h' then return judge.closed(current) end
    if current.state == 'c' then current.failures = 0 end
    return current
  end,
  reset = function(circuit)
    forgetHolds()
    local isOpen = circuit and (circuit.state == 'o' or circuit.state == 'h')
    return judge.cleared(), isOpen and 'closed' or nil
  end,
}

loadCircuits({ host })
local circuit, change = ORDERS[ARGV[3]](circuits[host])
local before = circuits[host] and circuits[host].text or ''
if circuits[host] or judge.worthKeeping(circuit) then judge.setCircuit(host, circuit, change) end
local after = circuits[host] and circuitRules().textOf(circuits[host]) or ''
if after ~= before then audit(ARGV[9], ARGV[10]) end
touched['h:' .. host] = true
releaseTouched(MOST_RELEASED, maxAge)
wakeForSoonest()
flushWaits()
flushGates()
flushAlive()
local parked, probes = call('ZCARD', P .. 'park:h:' .. host), ofHosts().probesOf('h:' .. host)
return { 1, changes, { after, parked, probes }, NOW }
