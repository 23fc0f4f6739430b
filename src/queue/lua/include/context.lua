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

-- Numbers go to Redis as text: Lua writes one that it is given with seventeen digits, at ten times the cost.
local function ms(n) return string.format('%.0f', n) end

local function jobKey(lane, id) return P .. lane .. ':' .. id end

-- The gates in field `gates` of a job: of its queue, of its client, of its host.
local parsed = {}
local function gatesOf(text)
  local ids = parsed[text or '']
  if not ids then
    ids = {}
    for id in string.gmatch(text or '', '[^\n]+') do ids[#ids + 1] = id end
    parsed[text or ''] = ids
  end
  return ids
end

-- Keys of the lists and sets of a lane; made once, as a text costs Lua more than looking it up.
local setKeys = { critical = {}, high = {}, default = {}, low = {} }
local function setKey(lane, name)
  local key = setKeys[lane][name]
  if not key then
    key = P .. lane .. ':' .. name
    setKeys[lane][name] = key
  end
  return key
end

-- BullMQ keeps delayed jobs by due time, twelve bits of order behind the milliseconds.
local function delayedScore(at) return ms(at * 4096) end
local function delayedTime(score) return math.floor(tonumber(score) / 4096) end

-- The order of those that are parked under a gate; the others, which wait for a time of their own, have 0.
local PARKED = 1
local function isParked(score) return score and tonumber(score) % 4096 == PARKED end

-- Lists are flushed in pieces: Lua's unpack takes at most some thousands of values.
local UNPACK = 1000
local function inPieces(values, step, fn)
  for from = 1, #values, step do fn(from, math.min(from + step - 1, #values)) end
end

local function append(list, values)
  for _, value in ipairs(values) do list[#list + 1] = value end
end

-- Sorted sets are written once per batch: entries by key, score and member in turn.
local entries = {}
local function zaddLater(key, score, member)
  local list = entries[key]
  if not list then
    list = {}
    entries[key] = list
  end
  list[#list + 1] = score
  list[#list + 1] = member
end

local function flushEntries()
  for key, list in pairs(entries) do
    inPieces(list, UNPACK, function(from, to) call('ZADD', key, unpack(list, from, to)) end)
  end
  entries = {}
end

-- Writes the counts that are not zero into a hash, and removes the others.
local function writeCounts(key, counts)
  local some, none = {}, {}
  for field, count in pairs(counts) do
    if count > 0 then
      some[#some + 1] = field
      some[#some + 1] = count
    else
      none[#none + 1] = field
    end
  end
  inPieces(some, UNPACK, function(from, to) call('HSET', key, unpack(some, from, to)) end)
  inPieces(none, UNPACK, function(from, to) call('HDEL', key, unpack(none, from, to)) end)
end
