-- Taking tasks out of `wait` to run them. Needs context.lua, gates.lua, places.lua, finish.lua, and in `limits`:
-- token, lock, maxAge, expiredFor, deadFor, isStrict.

-- Tasks that are looked at in vain, and clients that are let in again, in one turn.
local MOST_PUT_BACK, MOST_SHARED = 100, 20

local FIELDS = { 'data', 'atm', 'kept', 'due', 'ats', 'expires', 'gates', 'defa', 'stc', 'cancel' }

-- Reads the tasks that were taken out of `wait`.
local function readJobs(lane, ids)
  local jobs = {}
  for i, id in ipairs(ids) do
    local job = call('HMGET', laneKey(lane, id), unpack(FIELDS))
    jobs[i] = {
      lane, gatesOf(job[7]),
      id = id, data = job[1], attempts = job[2] or '0', kept = job[3] or '0', due = job[4] or '',
      starts = tonumber(job[5]) or 0, expires = tonumber(job[6]),
      crashedTooOften = job[8], hasCrashed = job[9], isCancelled = job[10],
    }
  end
  return jobs
end

-- Tasks that ended while they waited.
local function endInstead(lane, job)
  if job.isCancelled then
    finish(lane, job.id, 'cancelled', '', limits.expiredFor)
  elseif job.crashedTooOften then
    finish(lane, job.id, 'dead_letter', 'crashed_too_often', limits.deadFor)
  elseif job.data then
    finish(lane, job.id, 'expired', '', limits.expiredFor)
  end
end

-- Takes the slots that a task needs, and keeps a note of them in `held`. Returns whether it may start; when not, it was
-- parked.
local function takesSlots(lane, job, held)
  local gate, at, taken = takeSlots(job[2])
  if gate then
    park(lane, job.id, gate, tonumber(job.due) or now, job.expires, limits.maxAge, at)
    return false
  end
  if #taken > 0 then
    held[#held + 1] = lane .. ':' .. job.id
    held[#held + 1] = table.concat(taken, '\n')
  end
  return true
end

-- Begins an attempt of a task that was taken out of `wait`, or puts it where it belongs instead. Returns whether it
-- runs now.
local function start(lane, job, held)
  local key, ids = laneKey(lane, job.id), job[2]
  inHand = inHand - 1
  for _, gate in ipairs(ids) do
    if gates[gate].counted then moveWindow(gate, lane, -1) end
  end
  -- After a crash the task still holds its slots.
  local holds = job.hasCrashed and call('HGET', P .. 'held', lane .. ':' .. job.id)
  local hasEnded = not job.data or job.crashedTooOften or job.isCancelled or (job.expires and job.expires <= now)
  local runs = not hasEnded and (holds or takesSlots(lane, job, held))
  for _, gate in ipairs(ids) do
    -- A cap has as much room as before when a task that waited runs instead.
    if gates[gate].counted and not (runs and gates[gate].cap) then touched[gate] = true end
  end
  if hasEnded then
    if holds then releaseHeld({ lane .. ':' .. job.id }) end
    endInstead(lane, job)
  elseif runs then
    call('SET', key .. ':lock', limits.token, 'PX', limits.lock)
    call('HSET', key, 'processedOn', NOW, 'ats', job.starts + 1)
  end
  return runs
end

-- What BullMQ's own tools have paused.
local isPaused = {}
local function fetchable(lane)
  if waitLength(lane) == 0 then return 0 end
  if isPaused[lane] == nil then isPaused[lane] = call('HEXISTS', laneKey(lane, 'meta'), 'paused') == 1 end
  return isPaused[lane] and 0 or waitLength(lane)
end

-- How many of the next tasks come from each lane: the one that is furthest behind its share of the slots goes first.
-- `virtual` and `charge`: by lane, the virtual time and what a start adds to it.
local function plan(most, virtual, charge)
  local left, counts, total = {}, {}, 0
  for i, lane in ipairs(LANES) do left[i], counts[i] = fetchable(lane), 0 end
  while total < most do
    local best
    for i = 1, #LANES do
      if left[i] > 0 and (not best or (not limits.isStrict and virtual[i] < virtual[best])) then best = i end
    end
    if not best then break end
    left[best], counts[best], virtual[best] = left[best] - 1, counts[best] + 1, virtual[best] + charge[best]
    total = total + 1
  end
  return counts, total
end

local function takeOut(counts)
  local jobs = {}
  for i, lane in ipairs(LANES) do
    if counts[i] > 0 then
      local ids = call('RPOP', laneKey(lane, 'wait'), counts[i])
      waits[lane] = waits[lane] - #ids
      inHand = inHand + #ids
      append(jobs, readJobs(lane, ids))
    end
  end
  loadAll(jobs)
  return jobs
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
      call('ZADD', laneKey(lane, 'marker'), 0, '0')
      return
    end
  end
end

-- Returns what the dispatcher needs of the tasks that start now, six values for each, and their members.
local function fetch(capacity, virtual, charge)
  for i = 1, #LANES do virtual[i], charge[i] = tonumber(virtual[i]), tonumber(charge[i]) end
  local fetched, members, held, active = {}, {}, {}, {}
  local free, tries = capacity, capacity + MOST_PUT_BACK
  while free > 0 and tries > 0 do
    local counts, total = plan(math.min(free, tries), virtual, charge)
    if total == 0 and not releaseShared() then break end
    for _, job in ipairs(takeOut(counts)) do
      local lane, position = job[1], POSITION[job[1]]
      if start(lane, job, held) then
        free = free - 1
        active[lane] = active[lane] or {}
        append(active[lane], { job.id })
        append(members, { lane .. ':' .. job.id })
        append(fetched, { lane, job.id, job.data, job.attempts, job.kept, job.due })
      else
        virtual[position] = virtual[position] - charge[position]
      end
    end
    tries = tries - total
  end
  for lane, ids in pairs(active) do call('LPUSH', laneKey(lane, 'active'), unpack(ids)) end
  if #held > 0 then call('HSET', P .. 'held', unpack(held)) end
  if free == 0 or tries == 0 then wakeForTheRest() end
  return fetched, members
end
