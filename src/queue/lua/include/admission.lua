-- What a client is held to when it enqueues, and how many tasks more may be alive. Needs context.lua and alive.lua.
--
-- Hash `admission` has by the id of the client what its record says of that:
--   <version>;<enabled 0|1>;<requests per minute or ''>;<most alive or ''>
-- Hash `max_alive` has by the name of a queue how many of its tasks may be alive.

local UNRECORDED = { version = '0', isEnabled = true }

local rulesOf, mostAlive, alive = {}, {}, {}

local function parseRules(text)
  if not text then return UNRECORDED end
  local version, enabled, perMinute, most = string.match(text, '^([^;]*);([01]);(%d*);(%d*)$')
  return {
    version = version,
    isEnabled = enabled == '1',
    perMinute = tonumber(perMinute),
    mostAlive = tonumber(most),
  }
end

-- Reads what there is to know of gates (c:<client>, q:<queue>) that are in question, in three commands at most.
local function loadRules(clients, queues)
  local names = {}
  for i, id in ipairs(clients) do names[i] = string.sub(id, 3) end
  inPieces(names, UNPACK, function(from, to)
    for i, text in ipairs(call('HMGET', P .. 'admission', unpack(names, from, to))) do
      rulesOf[clients[from + i - 1]] = parseRules(text)
      mostAlive[clients[from + i - 1]] = rulesOf[clients[from + i - 1]].mostAlive
    end
  end)
  names = {}
  for i, id in ipairs(queues) do names[i] = string.sub(id, 3) end
  inPieces(names, UNPACK, function(from, to)
    for i, most in ipairs(call('HMGET', P .. 'max_alive', unpack(names, from, to))) do
      mostAlive[queues[from + i - 1]] = tonumber(most)
    end
  end)
  local limited = {}
  for id in pairs(mostAlive) do limited[#limited + 1] = id end
  inPieces(limited, UNPACK, function(from, to)
    for i, count in ipairs(call('HMGET', P .. 'alive', unpack(limited, from, to))) do
      alive[limited[from + i - 1]] = tonumber(count) or 0
    end
  end)
end

-- Whether as many tasks of a client or in a queue are alive as may be; those that this script adds are counted.
local function isFull(id)
  local most = mostAlive[id]
  return most and alive[id] + (aliveBy[id] or 0) >= most
end

-- How many more tasks may be alive in all. `most`: how many may be; 0 = any number.
local function roomLeft(most)
  if most == 0 then return math.huge end
  for _, lane in ipairs(LANES) do
    most = most - call('LLEN', setKey(lane, 'wait')) - call('LLEN', setKey(lane, 'active'))
      - call('ZCARD', setKey(lane, 'delayed'))
  end
  return most
end
