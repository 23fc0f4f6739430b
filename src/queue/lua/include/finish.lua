-- The ends of a task and the ways back. Needs context.lua, gates.lua and places.lua.

-- Finished tasks are removed by their own deadline: ZSET `expiry`, members `<lane>:<id>`.
local function keepFor(lane, id, retention)
  if retention then zaddLater(P .. 'expiry', ms(now + retention), lane .. ':' .. id) end
end

-- Dead letters are what BullMQ calls failed; everything else that has ended is in `completed`, with its end in `end`.
local function finish(lane, id, ending, reason, retention, fields)
  local set = ending == 'dead_letter' and 'failed' or 'completed'
  call('HSET', laneKey(lane, id), 'finishedOn', NOW, 'end', ending, 'failedReason', reason, unpack(fields or {}))
  zaddLater(laneKey(lane, set), NOW, id)
  keepFor(lane, id, retention)
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

local function settle(lane, id, s, cancelledFor)
  local fields = { 'atm', s.attempts, 'a:' .. s.place, s.attempt, 'kept', s.kept }
  local goesOn = s.kind == 'retry' or s.kind == 'hand_back'
  if goesOn and call('HEXISTS', laneKey(lane, id), 'cancel') == 1 then
    finish(lane, id, 'cancelled', '', cancelledFor, fields)
  elseif s.kind == 'retry' then
    local due = now + s.delay
    call('HSET', laneKey(lane, id), 'delay', ms(s.delay), 'due', ms(due), unpack(fields))
    delay(lane, id, due)
  elseif s.kind == 'hand_back' then
    call('HSET', laneKey(lane, id), unpack(fields))
    backToWait(lane, id)
  else
    finish(lane, id, s.kind, s.reason, s.retention, fields)
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
    finish(lane, id, 'expired', gate or '', limits.expiredFor)
  elseif gate and now - due >= limits.maxAge then
    finish(lane, id, 'dead_letter', 'held_too_long:' .. gate, limits.deadFor)
  else
    admit(lane, id, ids, due, expires, limits.maxAge)
  end
end
