-- Keeping the bytes of the history true when tasks are removed. Needs context.lua and history.lua.
--
-- BullMQ's own tools can remove tasks behind our back. Hash `recount` is a slow walk through the lanes that counts again:
-- its lane, how many tasks it has passed there, and their bytes.

local RECOUNT_EVERY = 600000

-- Takes tasks off the books that are about to be removed, also off those of a walk that has passed them.
local function shrink(lane, ids, sizes)
  local walk = call('HMGET', P .. 'recount', 'lane', 'at')
  local bytes, passed, passedBytes = 0, 0, 0
  for i, id in ipairs(ids) do
    bytes = bytes + sizes[i]
    if walk[1] == lane and call('ZRANK', setKey(lane, 'completed'), id) < tonumber(walk[2]) then
      passed, passedBytes = passed + 1, passedBytes + sizes[i]
    end
  end
  if passed > 0 then
    call('HINCRBY', P .. 'recount', 'at', -passed)
    call('HINCRBY', P .. 'recount', 'bytes', ms(-passedBytes))
  end
  call('HINCRBY', P .. 'history', lane, ms(-bytes))
end

-- Goes on with the walk. What ends meanwhile comes after it, so that a lane is right when its end is reached.
local function recountSome(most)
  local walk = call('HMGET', P .. 'recount', 'lane', 'at', 'bytes')
  local lane, at, bytes = walk[1], tonumber(walk[2]) or 0, tonumber(walk[3]) or 0
  if not lane then
    if not call('SET', P .. 'recounted', '1', 'NX', 'PX', RECOUNT_EVERY) then return end
    lane = LANES[1]
  end
  local ids = call('ZRANGE', setKey(lane, 'completed'), at, at + most - 1)
  for _, id in ipairs(ids) do bytes = bytes + stored(lane, id) end
  at = at + #ids
  if #ids < most then
    call('HSET', P .. 'history', lane, ms(bytes))
    lane, at, bytes = LANES[POSITION[lane] + 1], 0, 0
  end
  if lane then
    call('HSET', P .. 'recount', 'lane', lane, 'at', at, 'bytes', ms(bytes))
  else
    call('DEL', P .. 'recount')
  end
end
