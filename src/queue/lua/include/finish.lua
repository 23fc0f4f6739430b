-- The ends of a task and the ways back. Needs context.lua, gates.lua, places.lua and history.lua.

-- `limits` says how long tasks are kept that have ended: `completedFor`, and `deadFor` for dead letters (nothing = for
-- ever), milliseconds. A queue may say it otherwise in hash `retention`, <completed or ''>;<dead or '', 0 = for ever>.
-- Most deployments have no such queue: then it costs one command for all tasks of a script, and none per task.
local retentions

local function retentionOf(lane, id)
  local queue = call('HGET', laneKey(lane, id), 'queue') or ''
  if retentions[queue] == nil then retentions[queue] = call('HGET', P .. 'retention', queue) end
  return string.match(retentions[queue] or ';', '^(%d*);(%d*)$')
end

-- Finished tasks are removed by their own deadline: ZSET `expiry`, members `<lane>:<id>`.
local function keepFor(lane, id, isDead, limits)
  local ms = limits.completedFor
  if isDead then ms = limits.deadFor end
  if retentions == nil then retentions = call('EXISTS', P .. 'retention') == 1 and {} end
  if retentions then
    local completed, dead = retentionOf(lane, id)
    local own = isDead and dead or completed
    if own ~= '' then ms = tonumber(own) end
    if isDead and own == '0' then ms = nil end
  end
  if ms then call('ZADD', P .. 'expiry', string.format('%.0f', now + ms), lane .. ':' .. id) end
end

-- Dead letters are what BullMQ calls failed; everything else that has ended is in `completed`, with its end in `end`.
-- Of `how`: reason, fields to be set besides, bytes of the data and the attempts if they are known. All may be missing.
local function finish(lane, id, ending, limits, how)
  local isDead = ending == 'dead_letter'
  call('HSET', laneKey(lane, id), 'finishedOn', now, 'end', ending, 'failedReason', how.reason or '',
    unpack(how.fields or {}))
  call('ZADD', laneKey(lane, isDead and 'failed' or 'completed'), now, id)
  keepFor(lane, id, isDead, limits)
  if not isDead then grow(lane, id, how.bytes) end
end

local function settle(lane, id, s, limits)
  s.fields = { 'atm', s.attempts, 'a:' .. s.place, s.attempt, 'kept', s.kept }
  if s.dropped ~= '' then
    for place in string.gmatch(s.dropped, '%d+') do call('HDEL', laneKey(lane, id), 'a:' .. place) end
  end
  local goesOn = s.kind == 'retry' or s.kind == 'hand_back'
  if goesOn and call('HEXISTS', laneKey(lane, id), 'cancel') == 1 then
    finish(lane, id, 'cancelled', limits, s)
  elseif s.kind == 'retry' then
    local due = now + s.delay
    call('HSET', laneKey(lane, id), 'delay', string.format('%.0f', s.delay), 'due', string.format('%.0f', due),
      unpack(s.fields))
    call('ZADD', laneKey(lane, 'delayed'), delayedScore(due), id)
  elseif s.kind == 'hand_back' then
    call('HSET', laneKey(lane, id), unpack(s.fields))
    call('RPUSH', laneKey(lane, 'wait'), id)
    call('ZADD', laneKey(lane, 'marker'), 0, '0')
  else
    finish(lane, id, s.kind, limits, s)
  end
end

-- The slots that settled tasks held come back.
local function releaseHeld(members)
  if #members == 0 then return end
  local helds = call('HMGET', P .. 'held', unpack(members))
  local freed = {}
  for i, gatesHeld in ipairs(helds) do
    if gatesHeld then
      freed[#freed + 1] = members[i]
      for gate in string.gmatch(gatesHeld, '[^\n]+') do giveBack(gate) end
    end
  end
  if #freed > 0 then call('HDEL', P .. 'held', unpack(freed)) end
end

local function unpark(lane, id, gate)
  call('ZREM', P .. 'park:' .. gate, lane .. ':' .. id)
  call('HDEL', laneKey(lane, id), 'park')
end

-- Takes a task that does not run out of its place, and gives back what it had there.
local function leave(lane, id)
  local job = call('HMGET', laneKey(lane, id), 'queue', 'client', 'host', 'park')
  if job[4] then unpark(lane, id, job[4]) end
  if call('ZREM', laneKey(lane, 'delayed'), id) == 1 then return end
  if call('LREM', laneKey(lane, 'wait'), 1, id) == 1 then
    local ids = gatesOf(job[1], job[2], job[3])
    loadGates(ids)
    for _, gate in ipairs(ids) do
      if gates[gate].limited then moveWindow(gate, lane, -1) end
      touched[gate] = true
    end
  else
    -- Its worker is gone and nobody has noticed yet.
    call('LREM', laneKey(lane, 'active'), 1, id)
    releaseHeld({ lane .. ':' .. id })
  end
end

-- A task whose time has come, or the backstop of a parked one.
local function promote(lane, id, limits)
  local job = call('HMGET', laneKey(lane, id), 'queue', 'client', 'host', 'due', 'expires', 'park')
  if not job[4] then return end
  local due, expires, gate = tonumber(job[4]), tonumber(job[5]), job[6]
  if gate then unpark(lane, id, gate) end
  if expires and expires <= now then
    finish(lane, id, 'expired', limits, { reason = gate or '' })
  elseif gate and now - due >= limits.maxAge then
    finish(lane, id, 'dead_letter', limits, { reason = 'held_too_long:' .. gate })
  else
    admit(lane, id, gatesOf(job[1], job[2], job[3]), due, expires, limits.maxAge)
  end
end

-- Begins an attempt of the task at the head of `active`, or puts it where it belongs instead.
-- Returns the fields that the dispatcher needs, or nothing; `held` collects what goes into the hash of that name.
local function start(lane, id, held, limits)
  local key = laneKey(lane, id)
  local job = call('HMGET', key, 'data', 'atm', 'kept', 'due', 'ats', 'expires', 'queue', 'client', 'host', 'defa', 'stc',
    'cancel')
  local ids = gatesOf(job[7], job[8], job[9])
  loadGates(ids)
  for _, gate in ipairs(ids) do
    if gates[gate].limited then
      moveWindow(gate, lane, -1)
      touched[gate] = true
    end
  end
  local member, due, expires = lane .. ':' .. id, tonumber(job[4]), tonumber(job[6])
  -- After a crash the task still holds its slots.
  local holds = job[11] and call('HGET', P .. 'held', member)
  if not job[1] or job[10] or job[12] or (expires and expires <= now) then
    call('LPOP', laneKey(lane, 'active'))
    if holds then releaseHeld({ member }) end
    if job[12] then
      finish(lane, id, 'cancelled', limits, {})
    elseif job[10] then
      finish(lane, id, 'dead_letter', limits, { reason = 'crashed_too_often' })
    elseif job[1] then
      finish(lane, id, 'expired', limits, {})
    end
    return nil
  end
  if not holds then
    local gate, at, taken = takeSlots(ids)
    if gate then
      call('LPOP', laneKey(lane, 'active'))
      park(lane, id, gate, due or now, expires, limits.maxAge, at)
      return nil
    end
    if #taken > 0 then
      held[#held + 1] = member
      held[#held + 1] = table.concat(taken, '\n')
    end
  end
  call('SET', key .. ':lock', limits.token, 'PX', limits.lock)
  call('HSET', key, 'processedOn', now, 'ats', (tonumber(job[5]) or 0) + 1)
  return { lane, id, job[1], job[2] or '0', job[3] or '0', job[4] or '' }
end
