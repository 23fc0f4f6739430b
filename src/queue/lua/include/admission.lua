-- What a client is held to when it enqueues, and how many tasks more may be alive. Needs context.lua, purges.lua and alive.lua.
--
-- Hash `admission` has by the id of the client what its record says of that:
--   <version>;<enabled 0|1>;<requests per minute or ''>;<most alive or ''>
-- and by `q:<queue>` how many tasks may be alive in that queue.

local UNRECORDED = { version = '0', isEnabled = true }

-- Of clients; and how many tasks may be alive, and are, of clients and queues that have a bound.
local rulesOf, mostAlive, alive = {}, {}, {}

local function parseRules(text)
  local version, enabled, perMinute, most = string.match(text, '^([^;]*);([01]);(%d*);(%d*)$')
  return {
    version = version,
    isEnabled = enabled == '1',
    perMinute = tonumber(perMinute),
    mostAlive = tonumber(most),
  }
end

-- Reads what there is to know of gates (c:<client>, q:<queue>) that are in question, no more of them than unpack takes.
local function loadRules(clients, queues)
  local fields, count = {}, #clients
  for i = 1, count do fields[i] = string.sub(clients[i], 3) end
  for i = 1, #queues do fields[count + i] = queues[i] end
  -- Something else may have stored a task that has no gates.
  if #fields == 0 then return end
  local texts = call('HMGET', P .. 'admission', unpack(fields))
  for i = 1, count do
    rulesOf[clients[i]] = texts[i] and parseRules(texts[i]) or UNRECORDED
    mostAlive[clients[i]] = rulesOf[clients[i]].mostAlive
  end
  for i = 1, #queues do mostAlive[queues[i]] = tonumber(texts[count + i]) end
  -- What is purged is gone, also while it is in its place.
  for id in pairs(mostAlive) do
    alive[id] = (tonumber(call('HGET', P .. 'alive', id)) or 0) - purges.leavingOf(id)
  end
end

-- Whether as many tasks of a client or in a queue are alive as may be; those that this script adds are counted.
local function isFull(id)
  local most = mostAlive[id]
  return most and alive[id] + (aliveBy[id] or 0) >= most
end

-- How many more tasks may be alive in all. `most`: how many may be; 0 = any number.
local function roomLeft(most)
  if most == 0 then return math.huge end
  most = most + purges.leavingInAll()
  for _, lane in ipairs(LANES) do
    most = most - call('LLEN', setKey(lane, 'wait')) - call('LLEN', setKey(lane, 'active'))
      - call('ZCARD', setKey(lane, 'delayed'))
  end
  return most
end
