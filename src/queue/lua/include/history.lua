-- The completed history: the tasks in `completed` of the lanes, whatever their end. Needs context.lua.
--
-- Hash `history` has for each lane how many bytes they occupy, and in `evicted:<lane>` how many tasks were removed
-- because that was too much. A task counts with what it stores and OVERHEAD; both never change after its end, so that what is
-- added when it ends is what is taken off when it is removed. Dead letters are not part of it.
--
-- BullMQ's own tools can remove tasks behind our back. Hash `recount` is a slow walk through the lanes that counts again.

-- What a small task occupies besides its data and its attempts: keys, names of fields, its places in the indexes.
local OVERHEAD = 2000
local RECOUNT_EVERY = 600000

-- What the tasks add that end in this script, by lane: one command for all of them.
local grown = {}

local function stored(lane, id)
  local bytes = OVERHEAD + call('HSTRLEN', jobKey(lane, id), 'data')
  -- <attempts made>;<bytes of the first one>,<bytes of the next one that is kept>,...
  for size in string.gmatch(call('HGET', jobKey(lane, id), 'kept') or '', '[;,](%d+)') do bytes = bytes + size end
  return bytes
end

-- `bytes`: of the data and the attempts, when the caller knows them.
local function grow(lane, id, bytes)
  grown[lane] = (grown[lane] or 0) + (bytes and OVERHEAD + bytes or stored(lane, id))
end

local function historyBytes()
  local total = 0
  for _, bytes in ipairs(call('HMGET', P .. 'history', unpack(LANES))) do total = total + (tonumber(bytes) or 0) end
  return total
end

-- Writes out what has been added. Returns the bytes of the whole history, or 0 when nothing has ended.
local function flushHistory()
  if not next(grown) then return 0 end
  for lane, bytes in pairs(grown) do call('HINCRBY', P .. 'history', lane, string.format('%.0f', bytes)) end
  grown = {}
  return historyBytes()
end

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
    call('HINCRBY', P .. 'recount', 'bytes', string.format('%.0f', -passedBytes))
  end
  call('HINCRBY', P .. 'history', lane, string.format('%.0f', -bytes))
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
    call('HSET', P .. 'history', lane, string.format('%.0f', bytes))
    lane, at, bytes = LANES[POSITION[lane] + 1], 0, 0
  end
  if lane then
    call('HSET', P .. 'recount', 'lane', lane, 'at', at, 'bytes', string.format('%.0f', bytes))
  else
    call('DEL', P .. 'recount')
  end
end
