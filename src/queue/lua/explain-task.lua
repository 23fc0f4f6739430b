-- Where a task stands and what its gates say, all of it at one moment.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- Returns  nothing when there is no such task; else { state, when it is due next in Unix ms or '', now, lane, gate it is
--          parked under or '', tasks before it in `wait` or '', tasks before it under that gate or '', gates,
--          how many tasks all dispatchers that are alive can run at once }
--          gates: 9 values for each, in the order in which they are asked: id, limits as in hash `gates` or '',
--          running, tat, let into `wait` of the lane, what a client may have of the fleet now or '', and of the host:
--          circuit as in hash `circuits` or '', probes under way, until when it has asked the client to wait (Unix ms) or ''

--@include context
--@include purges
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include alive
--@include places
--@include state

-- How far a list is searched: some milliseconds of Redis.
local MOST_SEARCHED = 100000

local id = ARGV[2]
local lane = laneOf(id)
if not lane then return false end
local state, due = stateOf(lane, id)
local ids = gatesOf(call('HGET', jobKey(lane, id), 'gates'))
local parked = state == 'deferred' and parkedUnder(lane, id, ids) or ''

local aheadInLane, aheadUnderGate = '', ''
if state == 'pending' then
  local waiting = call('LLEN', setKey(lane, 'wait'))
  -- The list is taken from at its end.
  local at = call('LPOS', setKey(lane, 'wait'), id, 'RANK', -1, 'MAXLEN', MOST_SEARCHED)
  if at then
    aheadInLane = waiting - 1 - at
  elseif call('ZSCORE', setKey(lane, 'delayed'), id) then
    aheadInLane = waiting
  end
elseif parked ~= '' then
  aheadUnderGate = call('ZRANK', P .. 'park:' .. parked, lane .. ':' .. id)
end

loadGates(ids)
local _, heldUntil = ofHosts().heldBack(ids)

local function ofHost(gate)
  if string.byte(gate) ~= HOST then return '', '0', '' end
  local host = string.sub(gate, 3)
  return circuits[host] and circuits[host].text or '', ofHosts().probesOf(gate), heldUntil and ms(heldUntil) or ''
end

local states = {}
for _, gate in ipairs(ids) do
  states[#states + 1] = gate
  states[#states + 1] = call('HGET', P .. 'gates', gate) or ''
  states[#states + 1] = call('HGET', P .. 'running', gate) or '0'
  states[#states + 1] = call('HGET', P .. 'tat', gate) or '0'
  states[#states + 1] = call('HGET', P .. 'window', gate .. '/' .. lane) or '0'
  states[#states + 1] = gates[gate].isClient and othersWait(gate) and shareOfFleet() < math.huge and shareOfFleet() or ''
  append(states, { ofHost(gate) })
end
-- The sum that they keep is that of when one of them was last heard of: when all are lost, nobody takes it back.
local slots = 0
for _, member in ipairs(call('HVALS', P .. 'fleet')) do
  local each, till = string.match(member, '^(%d+);(%d+)$')
  if tonumber(till) > now then slots = slots + tonumber(each) end
end
return { state, due or '', NOW, lane, parked, aheadInLane, aheadUnderGate, states, slots }
