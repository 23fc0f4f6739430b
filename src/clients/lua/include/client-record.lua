-- A client as it is stored, and all that follows from it. Needs context.lua, gates.lua, rooms.lua, places.lua and
-- limit-gate.lua.
--
-- Hash `clients` has the record (JSON): tier, enabled, maxAlive, overrides { requestsPerMinute, maxConcurrent } and what
-- the scripts do not look at; ZSET `clients:names` orders the ids. Derived from it, and written in the same step, so that
-- no reader sees one without the others:
--   ZSET `tiers:clients:<tier>`  the clients of a tier
--   hash `gates`                 what the dispatcher lets through, as gates.lua says
--   hash `admission`             what is let in: <version>;<enabled 0|1>;<requests per minute or ''>;<most alive or ''>
-- A limit that is absent is none.

-- The limits of a tier: what was set for it, else those that are built in (`fallback`, JSON). Nothing when there is no
-- such tier.
local function tierLimits(name, fallback)
  local text = call('HGET', P .. 'tiers', name) or fallback
  return text ~= '' and cjson.decode(text) or nil
end

local function limitOf(client, tier, name)
  local overrides = client.overrides or {}
  return overrides[name] or tier[name]
end

local function whole(n) return n and string.format('%.0f', n) or '' end

-- As in hash `gates`; '' = none.
local function clientGate(client, tier)
  local cap = limitOf(client, tier, 'maxConcurrent')
  if client.enabled and not cap then return '' end
  return (client.enabled and '0' or '1') .. ';;' .. whole(cap) .. ';;'
end

local function admission(version, client, tier)
  local rate = limitOf(client, tier, 'requestsPerMinute')
  return version .. ';' .. (client.enabled and '1' or '0') .. ';' .. whole(rate) .. ';' .. whole(client.maxAlive)
end

-- Another one with every change of a client, also of one that was deleted and is there again: whoever has an older one
-- has an older record. The time in microseconds, which no two runs of a script share.
local function newVersion()
  local time = call('TIME')
  return string.format('%.0f', time[1] * 1000000 + time[2])
end
