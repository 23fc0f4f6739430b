-- Taking tasks out of `wait` to run them. Needs context.lua, gates.lua, places.lua, finish.lua, alive.lua, and in
-- `limits`: token, lock, maxAge, completedFor, deadFor, isStrict, probeWindow.

-- See `hand`. Of probes that start now: by member, the start of their window.
local fetched, members, probes = {}, {}, {}
-- Tasks that are looked at in vain, and clients that are let in again, in one turn.
local MOST_PUT_BACK, MOST_SHARED = 100, 20

-- Tasks that were taken out of `wait`: by position, the lane, the id, the gates and, in this order, the fields data, atm,
-- kept, due, expires, gates, defa, stc, cancel, since, once. Lists instead of a record for each: this is where a turn spends its time.
local taken = { count = 0, lane = {}, id = {}, gates = {}, job = {} }
local DATA, ATTEMPTS, KEPT, DUE, EXPIRES, GATES = 1, 2, 3, 4, 5, 6
local CRASHED_TOO_OFTEN, CRASHES, IS_CANCELLED, SINCE, ONCE = 7, 8, 9, 10, 11

local function readTaken(lane, ids, lists)
  for _, id in ipairs(ids) do
    local at = taken.count + 1
    local job = call('HMGET', jobKey(lane, id), 'data', 'atm', 'kept', 'due', 'expires', 'gates', 'defa', 'stc', 'cancel',
      'since', 'once')
    local gatesOfTask = gatesOf(job[6])
    taken.count, taken.lane[at], taken.id[at], taken.gates[at], taken.job[at] = at, lane, id, gatesOfTask, job
    lists[gatesOfTask] = true
  end
end

-- Tasks that ended while they waited.
local function endInstead(lane, id, job)
  if job[IS_CANCELLED] then
    finish(lane, id, 'cancelled', limits)
  elseif job[CRASHED_TOO_OFTEN] then
    finish(lane, id, 'dead_letter', limits, 'crashed_too_often')
  elseif job[DATA] then
    finish(lane, id, 'expired', limits)
  end
end

-- Takes the slots that a task needs, and keeps a note of them in `held`. Returns whether it may start; when not, it was
-- parked.
local function takesSlots(at, member, held)
  local lane, job = taken.lane[at], taken.job[at]
  local gate, opens, slots, probeOf = takeSlots(taken.gates[at], limits.probeWindow)
  if gate then
    countIn('deferred', taken.gates[at], 1)
    park(lane, taken.id[at], gate, tonumber(job[DUE]) or now, tonumber(job[EXPIRES]), limits.maxAge, opens)
    return false
  end
  if slots ~= '' then
    held[#held + 1] = member
    held[#held + 1] = slots
  end
  if probeOf then probes[member] = ms(probeOf) end
  return true
end

local function hasEnded(job)
  local expires = job[EXPIRES] and tonumber(job[EXPIRES])
  return not job[DATA] or job[CRASHED_TOO_OFTEN] or job[IS_CANCELLED] or (expires and expires <= now)
end

-- Begins an attempt of the task at that position, or puts it where it belongs instead. Returns whether it runs now.
local function start(at, member, held)
  local lane, ids, job = taken.lane[at], taken.gates[at], taken.job[at]
  inHand = inHand - 1
  for _, gate in ipairs(ids) do
    if gates[gate].counted then moveWindow(gate, lane, -1) end
  end
  -- One whose worker was lost has kept its slots until here; it asks the gates again like every other.
  if job[CRASHES] then releaseHeld({ member }) end
  local isTaken = purges.takeAway(lane, taken.id[at], ids)
  local ended = not isTaken and hasEnded(job)
  local runs = not isTaken and not ended and takesSlots(at, member, held)
  for _, gate in ipairs(ids) do
    -- A cap has as much room as before when a task that waited takes a slot instead.
    if gates[gate].counted and not (runs and gates[gate].cap) then touched[gate] = true end
  end
  if ended then
    endInstead(lane, taken.id[at], job)
  elseif runs then
    call('SET', P .. member .. ':lock', limits.token, 'PX', limits.lock)
  end
  return runs
end

-- What BullMQ's own tools have paused.
local isPaused = {}
local function fetchable(lane)
  if waitLength(lane) == 0 then return 0 end
  if isPaused[lane] == nil then isPaused[lane] = call('HEXISTS', setKey(lane, 'meta'), 'paused') == 1 end
  return isPaused[lane] and 0 or waitLength(lane)
end

-- From which lanes the next tasks come, by their positions and in order: the one that is furthest behind its share of
-- the slots goes first. `virtual` and `charge`: by lane, the virtual time and what a start adds to it.
local function plan(most, virtual, charge)
  local left, counts, picks = {}, {}, {}
  for i, lane in ipairs(LANES) do left[i], counts[i] = fetchable(lane), 0 end
  while #picks < most do
    local best
    for i = 1, #LANES do
      if left[i] > 0 and (not best or (not limits.isStrict and virtual[i] < virtual[best])) then best = i end
    end
    if not best then break end
    left[best], counts[best], virtual[best] = left[best] - 1, counts[best] + 1, virtual[best] + charge[best]
    picks[#picks + 1] = best
  end
  return counts, picks
end

-- Returns the positions of those that were taken out in the order of the picks: a lane whose tasks always came last in a
-- turn would have the longest of them, and pay for it.
local function inOrder(picks, from)
  local order = {}
  for _, i in ipairs(picks) do
    if from[i] <= taken.count and taken.lane[from[i]] == LANES[i] then order[#order + 1] = from[i] end
    from[i] = from[i] + 1
  end
  return order
end

local function takeOut(counts, picks)
  local listsOf, from = {}, {}
  taken.count = 0
  for i, lane in ipairs(LANES) do
    from[i] = taken.count + 1
    if counts[i] > 0 then
      local ids = call('RPOP', setKey(lane, 'wait'), counts[i])
      waits[lane] = waits[lane] - #ids
      inHand = inHand + #ids
      listsOf[lane] = {}
      readTaken(lane, ids, listsOf[lane])
    end
  end
  loadAll(listsOf)
  return inOrder(picks, from)
end

-- Nobody else waits: clients that were held back in favour of others may have the slots that are left.
local function releaseShared()
  local clients = call('SPOP', P .. 'shared', MOST_SHARED)
  for _, gate in ipairs(clients) do
    loadGates({ gate })
    gates[gate].isShared = false
    release(gate, MOST_PUT_BACK, limits.maxAge)
  end
  flushWaits()
  return #clients > 0
end

-- A marker wakes one dispatcher only, and this one has no slot for the rest, or has looked at enough for one turn.
local function wakeForTheRest()
  for _, lane in ipairs(LANES) do
    if fetchable(lane) > 0 then
      call('ZADD', setKey(lane, 'marker'), 0, '0')
      return
    end
  end
  if call('EXISTS', P .. 'shared') == 1 then call('ZADD', setKey('critical', 'marker'), 0, '0') end
end

-- What the dispatcher needs of the tasks that start now, eight values for each; and what a repeat of this turn needs to
-- find them again: members, and of probes, behind a tab, the start of their window.
local function hand(at, member)
  local job, n = taken.job[at], #fetched
  fetched[n + 1], fetched[n + 2], fetched[n + 3] = taken.lane[at], taken.id[at], job[DATA]
  fetched[n + 4], fetched[n + 5], fetched[n + 6] = job[ATTEMPTS] or '0', job[KEPT] or '0', job[DUE] or ''
  fetched[n + 7], fetched[n + 8] = (job[SINCE] or '') .. (job[ONCE] and '!' or ''), job[GATES] or ''
  members[#members + 1] = member
end

local function fetch(capacity, virtual, charge)
  for i = 1, #LANES do virtual[i], charge[i] = tonumber(virtual[i]), tonumber(charge[i]) end
  local held, active, free, tries, hasReleased = {}, {}, capacity, capacity + MOST_PUT_BACK, false
  while free > 0 and tries > 0 do
    local counts, picks = plan(math.min(free, tries), virtual, charge)
    -- Once in a row: those that were let in may have been held back again.
    if #picks == 0 and (hasReleased or not releaseShared()) then break end
    hasReleased = #picks == 0
    for _, at in ipairs(takeOut(counts, picks)) do
      local lane = taken.lane[at]
      local member = lane .. ':' .. taken.id[at]
      if start(at, member, held) then
        free = free - 1
        active[lane] = active[lane] or {}
        active[lane][#active[lane] + 1] = taken.id[at]
        hand(at, member)
      else
        virtual[POSITION[lane]] = virtual[POSITION[lane]] - charge[POSITION[lane]]
      end
    end
    tries = tries - #picks
  end
  for lane, ids in pairs(active) do call('LPUSH', setKey(lane, 'active'), unpack(ids)) end
  if #held > 0 then call('HSET', P .. 'held', unpack(held)) end
  if free == 0 or tries == 0 then wakeForTheRest() end
end
