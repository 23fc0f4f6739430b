-- What becomes of a task after an attempt. Needs context.lua, gates.lua, places.lua, history.lua, finish.lua, and what
-- finish.lua asks of `limits`.

-- The values of a settlement are ARGV[at + 1], ARGV[at + 2], ...
local VALUES = 14
local LANE, ID, KIND, ATTEMPTS, ATTEMPT, PLACE, KEPT, DELAY, REASON, BYTES, DROPPED, STARTS, TOOK, OWNERS =
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14

local function retryLater(at, lane, id)
  local wait = tonumber(ARGV[at + DELAY])
  call('HSET', jobKey(lane, id), 'delay', ARGV[at + DELAY], 'due', ms(now + wait))
  delay(lane, id, now + wait)
end

local function settle(at)
  local lane, id, kind = ARGV[at + LANE], ARGV[at + ID], ARGV[at + KIND]
  local key, place = jobKey(lane, id), 'a:' .. ARGV[at + PLACE]
  local begun = ms(now - tonumber(ARGV[at + TOOK]))
  if ARGV[at + DROPPED] ~= '' then
    for old in string.gmatch(ARGV[at + DROPPED], '%d+') do call('HDEL', key, 'a:' .. old) end
  end
  local goesOn = kind == 'retry' or kind == 'hand_back'
  if goesOn and call('HEXISTS', key, 'cancel') == 1 then
    kind, goesOn = 'cancelled', false
  end
  if goesOn then
    call('HSET', key, 'atm', ARGV[at + ATTEMPTS], place, ARGV[at + ATTEMPT], 'kept', ARGV[at + KEPT],
      'ats', ARGV[at + STARTS], 'processedOn', begun)
    if kind == 'retry' then retryLater(at, lane, id) else backToWait(lane, id) end
  else
    call('HSET', key, 'atm', ARGV[at + ATTEMPTS], place, ARGV[at + ATTEMPT], 'kept', ARGV[at + KEPT],
      'ats', ARGV[at + STARTS], 'processedOn', begun, 'finishedOn', NOW, 'end', kind, 'failedReason', ARGV[at + REASON])
    local owners = ARGV[at + OWNERS]
    if owners == '' then owners = call('HGET', key, 'gates') end
    ended(lane, id, kind, limits, gatesOf(owners), tonumber(ARGV[at + BYTES]))
  end
end

-- `first`: where the values of the first one begin, less one. Returns the ids of those whose lock is not ours any more.
local function settleAll(first, count)
  if count == 0 then return {} end
  local members, locks = {}, {}
  for i = 1, count do
    local at = first + (i - 1) * VALUES
    members[i] = ARGV[at + LANE] .. ':' .. ARGV[at + ID]
    locks[i] = P .. members[i] .. ':lock'
  end
  local owners, lost, ours, held, stalled = call('MGET', unpack(locks)), {}, {}, {}, {}
  for i = 1, count do
    local at = first + (i - 1) * VALUES
    local lane, id = ARGV[at + LANE], ARGV[at + ID]
    if owners[i] ~= limits.token then
      lost[#lost + 1] = id
    else
      ours[#ours + 1] = locks[i]
      held[#held + 1] = members[i]
      stalled[lane] = stalled[lane] or {}
      stalled[lane][#stalled[lane] + 1] = id
      call('LREM', setKey(lane, 'active'), -1, id)
      settle(at)
    end
  end
  if #ours > 0 then call('UNLINK', unpack(ours)) end
  for lane, ids in pairs(stalled) do call('SREM', setKey(lane, 'stalled'), unpack(ids)) end
  releaseHeld(held)
  return lost
end
