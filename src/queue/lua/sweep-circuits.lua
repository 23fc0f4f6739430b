-- Forgets hosts that there is nothing against any more, and circuits that nobody has had a task for since they could have
-- been probed.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  when circuits open and close, as in step.lua
-- ARGV[3]  how many hosts to look at, at most
-- Returns  { 1 when there may be more to look at, else 0, changes as in step.lua, 1 when as many hosts are remembered as may be,
--          else 0, 1 when as many clients are held as may be, else 0 }

--@include context
--@include when-full
local now = clock(ARGV[1])
--@include circuits
--@include gates
local breaker, most = ARGV[2], tonumber(ARGV[3])
--@include judge
local judge = hostJudge()

local function silentSince(circuit)
  if circuit.state == 'h' then return circuit.since end
  return circuit.state == 'o' and circuit.till or math.huge
end

local function look(host)
  local current, change = judge.asOf(circuits[host]), nil
  local id = 'h:' .. host
  local parked, probes = call('ZCARD', P .. 'park:' .. id), ofHosts().probesOf(id)
  if parked == 0 and probes == 0 and silentSince(current) + judge.rules().interval <= now then
    current, change = judge.cleared(current), 'closed'
  end
  judge.setCircuit(host, current, change)
  -- Should it be waiting for something that was forgotten.
  if parked > 0 then call('ZADD', P .. 'wakes', 'LT', NOW, id) end
  if not circuits[host] then return end
  call('ZADD', P .. 'circuits:look', ms(math.max(now + judge.rules().interval, circuits[host].held)), host)
end

local hosts = call('ZRANGEBYSCORE', P .. 'circuits:look', '-inf', NOW, 'LIMIT', 0, most)
if #hosts > 0 then call('ZREM', P .. 'circuits:look', unpack(hosts)) end
loadCircuits(hosts)
for _, host in ipairs(hosts) do
  if circuits[host] then look(host) end
end
flushGates()
return { #hosts < most and 0 or 1, changes, call('HLEN', P .. 'circuits') >= MOST_CIRCUITS and 1 or 0,
  call('HLEN', P .. 'holds') >= MOST_HOLDS and 1 or 0 }
