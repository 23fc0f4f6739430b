-- The ends of a task and the ways back. Needs context.lua, gates.lua, places.lua and history.lua.

-- `limits` says how long tasks are kept that have ended: `completedFor`, and `deadFor` for dead letters (nothing = for
-- ever), milliseconds. A queue may say it otherwise in hash `retention`, <completed or ''>;<dead or '', 0 = for ever>.
-- Most deployments have no such queue: then it costs one command for all tasks of a script, and none per task.
local retentions

local function retentionOf(lane, id)
  local queue = string.match(call('HGET', laneKey(lane, id), 'gates') or '', '^q:([^\n]+)') or ''
  if retentions[queue] == nil then retentions[queue] = call('HGET', P .. 'retention', queue) end
  return string.match(retentions[queue] or ';', '^(%d*);(%d*)$')
end

-- Finished tasks are removed by their own deadline: ZSET `expiry`, members `<lane>:<id>`.
local function keepFor(lane, id, isDead, limits)
  local keep = limits.completedFor
  if isDead then keep = limits.deadFor end
  if retentions == nil then retentions = call('EXISTS', P .. 'retention') == 1 and {} end
  if retentions then
    local completed, dead = retentionOf(lane, id)
    local own = isDead and dead or completed
    if own ~= '' then keep = tonumber(own) end
    if isDead and own == '0' then keep = nil end
  end
  if keep then zaddLater(P .. 'expiry', ms(now + keep), lane .. ':' .. id) end
end

-- Dead letters are what BullMQ calls failed; everything else that has ended is in `completed`, with its end in `end`.
-- Of `how`: reason, fields to be set besides, bytes of the data and the attempts if they are known. All may be missing.
local function finish(lane, id, ending, limits, how)
  local isDead = ending == 'dead_letter'
  call('HSET', laneKey(lane, id), 'finishedOn', NOW, 'end', ending, 'failedReason', how.reason or '',
    unpack(how.fields or {}))
  zaddLater(laneKey(lane, isDead and 'failed' or 'completed'), NOW, id)
  keepFor(lane, id, isDead, limits)
  if not isDead then grow(lane, id, how.bytes) end
end

-- To the front of its lane, without asking the gates again.
local function backToWait(lane, id)
  call('RPUSH', laneKey(lane, 'wait'), id)
  waits[lane] = nil
  call('ZADD', laneKey(lane, 'marker'), 0, '0')
  local ids = gatesOf(call('HGET', laneKey(lane, id), 'gates'))
  loadGates(ids)
  for _, gate in ipairs(ids) do
    if gates[gate].counted then moveWindow(gate, lane, 1) end
  end
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
    call('HSET', laneKey(lane, id), 'delay', ms(s.delay), 'due', ms(due), unpack(s.fields))
    delay(lane, id, due)
  elseif s.kind == 'hand_back' then
    call('HSET', laneKey(lane, id), unpack(s.fields))
    backToWait(lane, id)
  else
    finish(lane, id, s.kind, limits, s)
  end
end

-- The slots that settled tasks held come back.
local function releaseHeld(members)
  if #members == 0 then return end
  local helds = call('HMGET', P .. 'held', unpack(members))
  local freed = {}
  for i, held in ipairs(helds) do
    if held then
      freed[#freed + 1] = members[i]
      for _, gate in ipairs(gatesOf(held)) do giveBack(gate) end
    end
  end
  if #freed > 0 then call('HDEL', P .. 'held', unpack(freed)) end
end

local function unpark(lane, id, ids)
  for _, gate in ipairs(ids) do call('ZREM', P .. 'park:' .. gate, lane .. ':' .. id) end
end

local function leaveWait(lane, ids)
  loadGates(ids)
  for _, gate in ipairs(ids) do
    if gates[gate].counted then moveWindow(gate, lane, -1) end
    touched[gate] = true
  end
end

-- Takes a task that does not run out of its place, and gives back what it had there.
local function leave(lane, id)
  local ids = gatesOf(call('HGET', laneKey(lane, id), 'gates'))
  local score = call('ZSCORE', laneKey(lane, 'delayed'), id)
  if score then
    call('ZREM', laneKey(lane, 'delayed'), id)
    if isParked(score) then unpark(lane, id, ids) end
  elseif call('LREM', laneKey(lane, 'wait'), 1, id) == 1 then
    leaveWait(lane, ids)
  else
    -- Its worker is gone and nobody has noticed yet.
    call('LREM', laneKey(lane, 'active'), 1, id)
    releaseHeld({ lane .. ':' .. id })
  end
end

-- A task whose time has come, or the backstop of a parked one; it has left `delayed`.
local function promote(lane, id, wasParked, limits)
  local job = call('HMGET', laneKey(lane, id), 'gates', 'due', 'expires')
  if not job[2] then return end
  local ids, due, expires = gatesOf(job[1]), tonumber(job[2]), tonumber(job[3])
  local gate = wasParked and parkedUnder(lane, id, ids)
  if gate then unpark(lane, id, { gate }) end
  if expires and expires <= now then
    finish(lane, id, 'expired', limits, { reason = gate or '' })
  elseif gate and now - due >= limits.maxAge then
    finish(lane, id, 'dead_letter', limits, { reason = 'held_too_long:' .. gate })
  else
    admit(lane, id, ids, due, expires, limits.maxAge)
  end
end
