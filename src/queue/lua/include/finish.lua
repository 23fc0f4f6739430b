-- The ends of a task and the ways back. Needs context.lua, purges.lua, gates.lua, places.lua, history.lua, alive.lua,
-- dead.lua and callbacks.lua.

-- `limits` says how long tasks are kept that have ended: `completedFor`, and `deadFor` for dead letters (nothing = for
-- ever), milliseconds. A queue may say it otherwise in hash `retention`, <completed or ''>;<dead or '', 0 = for ever>.
-- Most deployments have no such queue: then it costs one command for all tasks of a script, and none per task.
local retentions

local function retentionOf(queue)
  if retentions[queue] == nil then retentions[queue] = call('HGET', P .. 'retention', queue) end
  return string.match(retentions[queue] or ';', '^(%d*);(%d*)$')
end

local function ownRetention(lane, id, isDead)
  local ids = gatesOf(call('HGET', jobKey(lane, id), 'gates'))
  local completed, dead = retentionOf(string.sub(ids[1] or '', 3))
  return isDead and dead or completed
end

-- Finished tasks are removed by their own deadline: ZSET `expiry`, members `<lane>:<id>`.
local function keepFor(lane, id, isDead, limits)
  local retention = limits.completedFor
  if isDead then retention = limits.deadFor end
  if retentions == nil then retentions = call('EXISTS', P .. 'retention') == 1 and {} end
  if retentions then
    local own = ownRetention(lane, id, isDead)
    if own ~= '' then retention = tonumber(own) end
    if isDead and own == '0' then retention = nil end
  end
  if retention then zaddLater(P .. 'expiry', ms(now + retention), lane .. ':' .. id) end
end

-- Dead letters are what BullMQ calls failed; everything else that has ended is in `completed`, with its end in `end`.
-- `ids`: its gates. `bytes`: of the data and the attempts, if they are known. `failure`: what a dead letter died of.
-- Somebody may want to hear of it: then orderCallback follows.
local function ended(lane, id, ending, limits, ids, bytes, failure)
  local isDead = ending == 'dead_letter'
  goes(ids)
  if isDead then countIn(ending, ids, 1) end
  zaddLater(setKey(lane, isDead and 'failed' or 'completed'), NOW, id)
  keepFor(lane, id, isDead, limits)
  if isDead then bury(lane, id, ids, failure) else grow(lane, id, bytes) end
end

-- The tasks that `finish` has ended, four values for each: id, end, reason, gates.
local endings = {}

-- Ends a task of which no attempt has just ended.
local function finish(lane, id, ending, limits, reason)
  call('HSET', jobKey(lane, id), 'finishedOn', NOW, 'end', ending, 'failedReason', reason or '')
  local job = call('HMGET', jobKey(lane, id), 'gates', 'cb')
  local list = job[1] or ''
  ended(lane, id, ending, limits, gatesOf(list), nil, reason or '')
  if job[2] then orderCallback(lane, id) end
  append(endings, { id, ending, reason or '', list })
end

-- To the front of its lane, without asking the gates again.
local function backToWait(lane, id)
  call('RPUSH', setKey(lane, 'wait'), id)
  waits[lane] = nil
  call('ZADD', setKey(lane, 'marker'), 0, '0')
  local ids = gatesOf(call('HGET', jobKey(lane, id), 'gates'))
  loadGates(ids)
  for _, gate in ipairs(ids) do
    if gates[gate].counted then moveWindow(gate, lane, 1) end
  end
end

-- The slots that settled tasks held come back.
local function releaseHeld(members)
  if #members == 0 then return end
  local helds, freed = call('HMGET', P .. 'held', unpack(members)), {}
  for i, held in ipairs(helds) do
    if held then
      freed[#freed + 1] = members[i]
      for _, gate in ipairs(gatesOf(held)) do giveBack(gate) end
    end
  end
  if #freed > 0 then call('HDEL', P .. 'held', unpack(freed)) end
end

local function unpark(lane, id, places)
  for _, gate in ipairs(places) do call('ZREM', P .. 'park:' .. gate, lane .. ':' .. id) end
end

local function leaveWait(lane, ids)
  loadGates(ids)
  for _, gate in ipairs(ids) do
    if gates[gate].counted then moveWindow(gate, lane, -1) end
    touched[gate] = true
  end
end

-- As what a task in `delayed` is counted; `kept`: its field of that name.
local function delayedAs(isHeld, kept)
  if isHeld then return 'deferred' end
  return kept and 'retrying' or 'scheduled'
end

-- Takes a task that does not run out of its place, and gives back what it had there.
local function leave(lane, id)
  local job = call('HMGET', jobKey(lane, id), 'gates', 'kept')
  local ids = gatesOf(job[1])
  local score = call('ZSCORE', setKey(lane, 'delayed'), id)
  if score then
    call('ZREM', setKey(lane, 'delayed'), id)
    countIn(delayedAs(isParked(score), job[2]), ids, -1)
    if isParked(score) then unpark(lane, id, placesOf(ids)) end
  elseif call('LREM', setKey(lane, 'wait'), 1, id) == 1 then
    leaveWait(lane, ids)
  else
    -- Its worker is gone and nobody has noticed yet.
    call('LREM', setKey(lane, 'active'), 1, id)
  end
  -- One whose worker was lost holds its slots, also when it waits again.
  releaseHeld({ lane .. ':' .. id })
end

local WHEN_SHUT = { q = 'queue_paused', c = 'client_disabled', h = 'host_unavailable', k = 'client_held_by_host' }
local WHEN_FULL = { q = 'queue_at_limit', c = 'client_at_limit', h = 'host_at_limit', k = 'client_held_by_host' }

-- What a gate that has held a task for too long says of itself.
local function whyHeld(gate)
  loadGates({ gate })
  local isShut = gates[gate].shut or gates[gate].circuit
  return (isShut and WHEN_SHUT or WHEN_FULL)[string.sub(gate, 1, 1)]
end

-- A task whose time has come, or the backstop of a parked one; it has left `delayed`.
local function promote(lane, id, wasParked, limits)
  local job = call('HMGET', jobKey(lane, id), 'gates', 'due', 'expires', 'kept')
  if not job[2] then return end
  local ids, due, expires = gatesOf(job[1]), tonumber(job[2]), tonumber(job[3])
  local state = delayedAs(wasParked, job[4])
  countIn(state, ids, -1)
  local gate = wasParked and parkedUnder(lane, id, ids)
  if gate then unpark(lane, id, { gate }) end
  if purges.takeAway(lane, id, ids, state) then return end
  if expires and expires <= now then
    finish(lane, id, 'expired', limits, gate)
  elseif gate and now - due >= limits.maxAge then
    finish(lane, id, 'dead_letter', limits, whyHeld(gate))
  else
    admit(lane, id, ids, due, expires, limits.maxAge)
  end
end
