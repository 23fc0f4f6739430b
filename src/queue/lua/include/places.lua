-- Where a task stands: in `wait` of its lane, or parked under a gate. Needs context.lua and gates.lua.
--
-- A parked task is a delayed job of BullMQ whose time is a backstop: should whatever opens its gate forget it, it is
-- looked at again then. ZSET `park:<gate>` orders the tasks under a gate by lane, then by due time; members are
-- `<lane>:<id>`. The job's field `park` names the gate.

-- Parked tasks are looked at again after an hour, give or take some, so that they do not all come at once.
local BACKSTOP = 3600000

-- Clocks that differ by less are as good as equal; a request may also have been under way for that long.
local MOST_SKEW = 500

local pushes = {}

-- A time that a caller names: one whose clock is off means "so long from now", not a time of its own.
local function byOurClock(time, theirNow)
  if math.abs(now - theirNow) > MOST_SKEW then return time - theirNow + now end
  return time
end

local function gatesOf(queue, client, host)
  local ids = {}
  if queue and queue ~= '' then ids[#ids + 1] = 'q:' .. queue end
  if client and client ~= '' then ids[#ids + 1] = 'c:' .. client end
  if host and host ~= '' then ids[#ids + 1] = 'h:' .. host end
  return ids
end

-- The time at which a parked task has to be looked at whatever its gate does: it may have expired by then, or have
-- been held for longer than is allowed (`maxAge`, milliseconds after it was due).
local function backstop(due, expires, maxAge)
  local at = math.min(now + BACKSTOP + (now * 7919) % BACKSTOP, due + maxAge)
  return math.max(now + 1, expires and math.min(at, expires) or at)
end

local function wakeAt(gate, at)
  if at then call('ZADD', P .. 'wakes', 'LT', string.format('%.0f', math.ceil(at)), gate) end
end

-- Parks a task whose hash exists. `at`: when the gate opens by itself, if it does.
local function park(lane, id, gate, due, expires, maxAge, at)
  call('ZADD', P .. 'park:' .. gate, string.format('%.0f', POSITION[lane] * 1e14 + due), lane .. ':' .. id)
  call('ZADD', laneKey(lane, 'delayed'), delayedScore(backstop(due, expires, maxAge)), id)
  call('HSET', laneKey(lane, id), 'park', gate)
  wakeAt(gate, at)
end

local function pushWait(lane, id)
  local list = pushes[lane]
  if not list then
    list = {}
    pushes[lane] = list
  end
  list[#list + 1] = id
end

-- Lets a task into `wait` if every gate has room, else parks it under the first that has none.
-- Returns whether it waits.
local function admit(lane, id, ids, due, expires, maxAge)
  loadGates(ids)
  local gate, at = noRoom(ids, lane)
  if gate then
    park(lane, id, gate, due, expires, maxAge, at)
    return false
  end
  for _, each in ipairs(ids) do
    if gates[each].limited then moveWindow(each, lane, 1) end
  end
  pushWait(lane, id)
  return true
end

-- Lets in what is parked under a gate, most urgent lane first, as far as there is room; at most `most`.
local function release(gate, most, maxAge)
  loadGates({ gate })
  for _ = 1, most do
    local head = call('ZRANGE', P .. 'park:' .. gate, 0, 0)[1]
    if not head then return end
    local lane, id = string.match(head, '^(%a+):(.+)$')
    local free, at = room(gate, lane)
    if free <= 0 then
      wakeAt(gate, at)
      return
    end
    call('ZREM', P .. 'park:' .. gate, head)
    if call('ZREM', laneKey(lane, 'delayed'), id) == 1 then
      local job = call('HMGET', laneKey(lane, id), 'queue', 'client', 'host', 'due', 'expires')
      call('HDEL', laneKey(lane, id), 'park')
      admit(lane, id, gatesOf(job[1], job[2], job[3]), tonumber(job[4]) or now, tonumber(job[5]), maxAge)
    end
  end
end

-- Writes out what was pushed; the marker wakes a dispatcher that sleeps.
local function flushWaits()
  for lane, list in pairs(pushes) do
    inPieces(list, UNPACK, function(from, to) call('LPUSH', laneKey(lane, 'wait'), unpack(list, from, to)) end)
    call('ZADD', laneKey(lane, 'marker'), 0, '0')
  end
  pushes = {}
end
