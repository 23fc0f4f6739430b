-- What every script of the queue begins with.
-- KEYS[1] is the prefix of all keys, "{tr}:"; its hash tag keeps them in one slot, so that a script may name keys
-- that it finds in the data.

local P = KEYS[1]
local call = redis.call

-- BullMQ queues, most urgent first. The position of a lane in this list is how park indexes order it.
local LANES = { 'critical', 'high', 'default', 'low' }
local POSITION = { critical = 1, high = 2, default = 3, low = 4 }

-- Unix milliseconds: what the caller says (tests), else the time of Redis, which all processes share.
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function laneKey(lane, name) return P .. lane .. ':' .. name end

-- BullMQ keeps delayed jobs by due time, twelve bits of order behind the milliseconds.
local function delayedScore(ms) return string.format('%.0f', ms * 4096) end
local function delayedTime(score) return math.floor(tonumber(score) / 4096) end

-- Lists are flushed in pieces: Lua's unpack takes at most some thousands of values.
local UNPACK = 1000
local function inPieces(values, step, fn)
  for from = 1, #values, step do fn(from, math.min(from + step - 1, #values)) end
end
