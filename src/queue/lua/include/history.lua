-- The completed history: the tasks in `completed` of the lanes, whatever their end. Needs context.lua.
--
-- Hash `history` has for each lane how many bytes they occupy, and in `evicted:<lane>` how many tasks were removed
-- because that was too much. A task counts with what it stores and OVERHEAD. Neither changes after its end, so that what
-- is added then is what is taken off when it is removed. Dead letters are not part of it.

-- What a small task occupies besides its data and its attempts: keys, names of fields, its places in the indexes.
local OVERHEAD = 1700

-- What the tasks add that end in this script, by lane: one command for all of them.
local grown = {}

-- `kept`: its field of that name, when the caller knows it.
local function stored(lane, id, kept)
  local bytes = OVERHEAD + call('HSTRLEN', jobKey(lane, id), 'data')
  -- <attempts made>;<bytes of the first one>,<bytes of the next one that is kept>,...
  if kept == nil then kept = call('HGET', jobKey(lane, id), 'kept') end
  for size in string.gmatch(kept or '', '[;,](%d+)') do bytes = bytes + size end
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
  for lane, bytes in pairs(grown) do call('HINCRBY', P .. 'history', lane, ms(bytes)) end
  grown = {}
  return historyBytes()
end
