-- Where a task stands: in `wait` of its lane, or parked under a gate. Needs context.lua, purges.lua, gates.lua,
-- rooms.lua and alive.lua.
--
-- A parked task is a delayed job of BullMQ whose time is a backstop: should whatever opens its gate forget it, it is
-- looked at again then. ZSET `park:<gate>` orders the tasks under a gate by lane, under the gate of a host then by how
-- often they were tried, then by due time; members are `<lane>:<id>`.

-- Parked tasks are looked at again after an hour, give or take some, so that they do not all come at once.
local BACKSTOP = 3600000

-- Clocks that differ by less are as good as equal; a request may also have been under way for that long.
local MOST_SKEW = 500

-- Of those parked under a gate, at most so many are let in at once.
local AT_ONCE = 64

-- A time that a caller names: one whose clock is off means "so long from now", not a time of its own.
local function byOurClock(time, theirNow)
  if math.abs(now - theirNow) > MOST_SKEW then return time - theirNow + now end
  return time
end

-- The score of a parked task: 2 bits of lane, 9 of tries and 42 of due time, until the year 2109, which is what a score
-- has room for.
local DUE, MOST_TRIES = 2 ^ 42, 511
local function parkScore(lane, tries, due)
  return ((POSITION[lane] - 1) * (MOST_TRIES + 1) + math.min(tries, MOST_TRIES)) * DUE + due
end

-- The gates under which a task may be parked.
local function placesOf(ids)
  local places = { unpack(ids) }
  places[#places + 1] = ofHosts().holdOf(ids)
  return places
end

-- The gate under which a task is parked.
local function parkedUnder(lane, id, ids)
  for _, gate in ipairs(placesOf(ids)) do
    if call('ZSCORE', P .. 'park:' .. gate, lane .. ':' .. id) then return gate end
  end
end

-- The time at which a parked task has to be looked at whatever its gate does: it may have expired by then, or have
-- been held for longer than is allowed (`maxAge`, milliseconds after it was due).
local function backstop(due, expires, maxAge)
  local at = math.min(now + BACKSTOP + (now * 7919) % BACKSTOP, due + maxAge)
  return math.max(now + 1, expires and math.min(at, expires) or at)
end

-- The earliest of the times that this script adds; and those of each gate.
local soonest, woken = math.huge, {}

local function wakeAt(gate, at)
  if not at or (woken[gate] and woken[gate] <= at) then return end
  woken[gate] = at
  soonest = math.min(soonest, at)
  call('ZADD', P .. 'wakes', 'LT', ms(math.ceil(at)), gate)
end

-- `order`: PARKED, or nothing for a task that waits for a time of its own.
local function delay(lane, id, till, order)
  soonest = math.min(soonest, till)
  zaddLater(setKey(lane, 'delayed'), ms(till * 4096 + (order or 0)), id)
end

-- Sorted set `parked` has the gates that tasks are parked under, all with score 0; whoever counts them (count-parked.lua)
-- takes out those that hold none any more.
local noted = {}

-- `at`: when the gate opens by itself, if it does.
local function park(lane, id, gate, due, expires, maxAge, at)
  local tries = 0
  if string.byte(gate) == HOST then
    -- Those that were tried least go first, as probes above all, so that an outage is shared out. Tries that did not count
    -- are among them.
    tries = tonumber(string.match(call('HGET', jobKey(lane, id), 'kept') or '', '^%d+')) or 0
  end
  zaddLater(P .. 'park:' .. gate, ms(parkScore(lane, tries, due)), lane .. ':' .. id)
  if not noted[gate] then
    noted[gate] = true
    zaddLater(P .. 'parked', '0', gate)
  end
  delay(lane, id, backstop(due, expires, maxAge), PARKED)
  wakeAt(gate, at)
end

local function pushWait(lane, id)
  local list = pushes[lane]
  if not list then
    list = {}
    pushes[lane] = list
  end
  list[#list + 1] = id
  if waits[lane] then waits[lane] = waits[lane] + 1 end
end

-- Whether a host is being tried and the failures that closed it off are of the client of a task: then those that wait are
-- asked first. Returns its gate.
local function goesLast(ids)
  local id = ids[#ids]
  local circuit = id and gates[id].circuit
  if not circuit or circuit.failedBy ~= ofHosts().clientOf(ids) or circuitRules().stateOf(circuit) ~= 'h' then return end
  if call('EXISTS', P .. 'park:' .. id) == 1 then return id, now end
end

-- Lets a task into `wait` if every gate has room, else parks it under the first that has none. `isChosen`: it is its turn.
-- Returns whether it waits.
local function admit(lane, id, ids, due, expires, maxAge, isChosen)
  loadGates(ids)
  local gate, at = noRoom(ids, lane)
  if not gate and not isChosen then gate, at = goesLast(ids) end
  if gate then
    countIn('deferred', ids, 1)
    park(lane, id, gate, due, expires, maxAge, at)
    return false
  end
  for _, each in ipairs(ids) do
    if gates[each].counted then moveWindow(each, lane, 1) end
  end
  pushWait(lane, id)
  return true
end

-- Takes the heads of those parked under a gate that are of one lane. Returns the ids, without those of tasks that were
-- moved behind our back, and of each job gates, due and expires.
local function unparkHeads(gate, lane, heads)
  local ids = {}
  for i, head in ipairs(heads) do ids[i] = string.sub(head, #lane + 2) end
  call('ZREM', P .. 'park:' .. gate, unpack(heads))
  local scores, parked, jobs = call('ZMSCORE', setKey(lane, 'delayed'), unpack(ids)), {}, {}
  for i, id in ipairs(ids) do
    if scores[i] then
      parked[#parked + 1] = id
      local job = call('HMGET', jobKey(lane, id), 'gates', 'due', 'expires')
      countIn('deferred', gatesOf(job[1]), -1)
      jobs[#jobs + 1] = job
    end
  end
  if #parked > 0 then call('ZREM', setKey(lane, 'delayed'), unpack(parked)) end
  return parked, jobs
end

-- Lets in tasks of one lane whose turn it is, or parks them where they have to wait next.
local function admitAll(lane, ids, jobs, maxAge)
  local lists = {}
  for _, job in ipairs(jobs) do lists[gatesOf(job[1])] = true end
  loadAll({ [lane] = lists })
  for i, id in ipairs(ids) do
    local job = jobs[i]
    local gates = gatesOf(job[1])
    if not purges.takeAway(lane, id, gates, 'deferred') then
      admit(lane, id, gates, tonumber(job[2]) or now, job[3] and tonumber(job[3]), maxAge, true)
    end
  end
end

local function ofLane(members, lane, most)
  local mine = {}
  for i = 1, math.min(#members, most) do
    if string.sub(members[i], 1, #lane + 1) ~= lane .. ':' then break end
    mine[i] = members[i]
  end
  return mine
end

-- Looking for tasks that may go as a probe puts those that may not under the gate that holds them: in pieces, so that a
-- host with very many of them does not go through all at each probe.
local MOST_LOOKED_AT, LOOK_ON = 10, 1000

-- So many of those that wait for a host are asked whose they are, at random: one that has very many there must not hide the
-- others. With one in a hundred, somebody else is found in most windows.
local SAMPLE = 100

-- Of all lanes the task that was tried least, the most urgent of such; and how often that is.
local function leastTried(gate)
  local best, least = nil, nil
  for _, lane in ipairs(LANES) do
    local from = parkScore(lane, 0, 0)
    local till = '(' .. ms(from + (MOST_TRIES + 1) * DUE)
    local head = call('ZRANGEBYSCORE', P .. 'park:' .. gate, ms(from), till, 'WITHSCORES', 'LIMIT', 0, 1)
    local tries = head[1] and math.floor((tonumber(head[2]) - from) / DUE)
    if tries and (not least or tries < least) then best, least = head[1], tries end
  end
  return best, least
end

local function clientOfMember(member)
  local lane, id = string.match(member, '^(%a+):(.+)$')
  return ofHosts().clientOf(gatesOf(call('HGET', jobKey(lane, id), 'gates')))
end

-- How often more than those that were tried least a task may have been tried that goes before its turn: what few tasks there are
-- of others must not pay for an outage alone, and must not wait for as long as there are others that were never tried. Once more at
-- first, and once again each time that the circuit has stayed open for eight times as many windows.
local LONGER = 8
local function triesAhead(circuit) return 1 + math.floor(math.log(math.max(1, circuit.failures)) / math.log(LONGER)) end

-- A task of whoever has the fewest in a sample, so that a host that answers somebody is heard to do so, however many clients it
-- fails; of that client the one that was tried least. `without`: clients that it is not of.
local function ofFewest(gate, without, most)
  local sample, count, best = call('ZRANDMEMBER', P .. 'park:' .. gate, SAMPLE, 'WITHSCORES'), {}, {}
  for i = 1, #sample, 2 do
    local member, tries = sample[i], math.floor(tonumber(sample[i + 1]) / DUE) % (MOST_TRIES + 1)
    local client = clientOfMember(member)
    if client and not without[client] then
      count[client] = (count[client] or 0) + 1
      if tries <= most and (not best[client] or tries < best[client].tries) then
        best[client] = { member = member, tries = tries }
      end
    end
  end
  local fewest
  for client in pairs(best) do
    if not fewest or count[client] < count[fewest] then fewest = client end
  end
  return fewest and best[fewest].member
end

-- The task for the next probe; nothing when none waits. Every other one goes to whoever has few tasks, and so does each whose
-- turn it would be that is of the client whose failure closed the host off, when somebody else is found.
local function probeFor(gate, circuit)
  local member, least = leastTried(gate)
  if not member then return {} end
  local client, nth = clientOfMember(member), circuit.state == 'h' and circuit.sent or 0
  if client and (client == circuit.failedBy or nth % 2 == 0) then
    member = ofFewest(gate, { [client] = true, [circuit.failedBy] = true }, least + triesAhead(circuit)) or member
  end
  return { member }
end

-- A client was asked again to wait while it did already: then the time that woke its gate is not yet the end. Returns whether it
-- is.
local function endHold(gate)
  if gates[gate].shut then
    wakeAt(gate, gates[gate].till)
    return false
  end
  call('HDEL', P .. 'holds', gate)
  return true
end

-- Lets in what is parked under a gate, most urgent lane first, as far as there is room; at most `most`. Returns how many were
-- looked at.
local function release(gate, most, maxAge)
  flushEntries()
  loadGates({ gate })
  if string.byte(gate) == HOLD and not endHold(gate) then return 0 end
  local ask, circuit, left = 1, gates[gate].circuit, most
  local isProbing = circuit and circuitRules().stateOf(circuit) == 'h'
  if isProbing then
    local free, at = ofHosts().letThrough(gate)
    if free <= 0 then
      wakeAt(gate, at)
      return 0
    end
    most = math.min(most, MOST_LOOKED_AT)
    left = most
  end
  while left > 0 do
    local heads = isProbing and probeFor(gate, circuit) or call('ZRANGE', P .. 'park:' .. gate, 0, math.min(ask, left) - 1)
    if #heads == 0 then return most - left end
    local lane = string.match(heads[1], '^(%a+):')
    local free, at = room(gate, lane)
    if free <= 0 then
      wakeAt(gate, at)
      return most - left
    end
    local mine = ofLane(heads, lane, free)
    local ids, jobs = unparkHeads(gate, lane, mine)
    admitAll(lane, ids, jobs, maxAge)
    left = left - #mine
    ask = math.min(ask * 4, AT_ONCE)
  end
  -- There may be more, and nothing else may touch this gate again.
  wakeAt(gate, isProbing and most == MOST_LOOKED_AT and now + LOOK_ON or now)
  return most
end

-- Lets in what is parked under all gates that were touched, `most` together: what one of them frees may be thousands of
-- others, as when a host is forgotten that holds many clients. Those that get none have their turn in the next script.
local function releaseTouched(most, maxAge)
  local open = touched
  touched = {}
  for gate in pairs(open) do
    if most > 0 then
      most = most - release(gate, most, maxAge)
    elseif call('EXISTS', P .. 'park:' .. gate) == 1 then
      wakeAt(gate, now)
    end
  end
end

-- A dispatcher that sleeps looks by itself at least this often, milliseconds.
local LOOKS_AGAIN = 5000

-- Dispatchers sleep until the earliest time that they know of: one is woken when this script adds an earlier one.
-- To be called before the flush.
local function wakeForSoonest()
  if soonest > now + LOOKS_AGAIN then return end
  for _, lane in ipairs(LANES) do
    local head = call('ZRANGE', setKey(lane, 'delayed'), 0, 0, 'WITHSCORES')[2]
    if head and delayedTime(head) < soonest then return end
  end
  local wake = tonumber(call('ZRANGE', P .. 'wakes', 0, 0, 'WITHSCORES')[2])
  if wake and wake < soonest then return end
  call('ZADD', setKey('critical', 'marker'), 0, '0')
end

-- Writes out what was pushed; the marker wakes a dispatcher that sleeps.
local function flushWaits()
  flushEntries()
  for lane, list in pairs(pushes) do
    inPieces(list, UNPACK, function(from, to) call('LPUSH', setKey(lane, 'wait'), unpack(list, from, to)) end)
    call('ZADD', setKey(lane, 'marker'), 0, '0')
  end
  pushes = {}
end
