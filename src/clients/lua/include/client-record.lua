-- A client as it is stored, and all that follows from it. Needs context.lua, gates.lua, rooms.lua, places.lua and
-- limit-gate.lua.
--
-- Hash `clients` has the record (JSON): tier, enabled, registeredBy ('admin' or 'itself'), maxAlive, overrides
-- { requestsPerMinute, maxConcurrent }, keys [{ hash }] and what the scripts do not look at; ZSET `clients:names` orders the ids. Derived
-- from it, and written in the same step, so that no reader sees one without the others:
--   ZSET `tiers:clients:<tier>`  the clients of a tier
--   hash `gates`                 what the dispatcher lets through, as gates.lua says
--   hash `admission`             what is let in: <version>;<enabled 0|1>;<requests per minute or ''>;<most alive or ''>
--   hash `keys`                  hash of an API key -> id of the client; hash `keys:used` has when it was last used
--   hash `destinations`          which hosts its tasks may call (JSON), of those that may not call all; another text in
--                                `destinations:version` after every change, for the workers
--   hash `signing`               what its calls are signed with (JSON), of those that have secrets; and `signing:version`
--   ZSET `clients:seen`          of clients that have registered themselves, when they last enqueued, Unix ms, about
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

local function tierIndex(client) return P .. 'tiers:clients:' .. client.tier end

-- What the keys that are gone have opened, nobody opens any more from this step on.
local function moveKeys(id, old, new)
  local kept = {}
  for _, key in ipairs(new and new.keys or {}) do
    kept[key.hash] = true
    call('HSET', P .. 'keys', key.hash, id)
  end
  for _, key in ipairs(old and old.keys or {}) do
    if not kept[key.hash] then
      call('HDEL', P .. 'keys', key.hash)
      call('HDEL', P .. 'keys:used', key.hash)
    end
  end
end

-- What workers look at by itself, in hash `name`. `text`: JSON; '' = nothing is set.
local function setCopy(name, id, text)
  local key = P .. name
  if (call('HGET', key, id) or '') == text then return end
  if text == '' then
    call('HDEL', key, id)
  else
    call('HSET', key, id, text)
  end
  call('SET', key .. ':version', newVersion())
end

local function hasTasks(id) return call('HEXISTS', P .. 'alive', 'c:' .. id) == 1 end

-- Takes away a client of which no task is alive, and all that followed from it.
local function dropClient(id, client, maxAge)
  call('HDEL', P .. 'clients', id)
  call('HDEL', P .. 'admission', id)
  for _, key in ipairs({ P .. 'clients:names', P .. 'clients:seen', tierIndex(client) }) do call('ZREM', key, id) end
  moveKeys(id, client, nil)
  setCopy('destinations', id, '')
  setCopy('signing', id, '')
  limitGate('c:' .. id, '', maxAge)
end

-- Forgets clients that have registered themselves and of which no task is alive, those first that were idle for longest:
-- `enough` of those that were seen last at `till` or before. Looks at `most` of these; those with tasks have been seen now.
-- Returns how many were forgotten, and how many looked at.
local function forgetIdle(till, enough, most, maxAge)
  local ids, forgotten = call('ZRANGEBYSCORE', P .. 'clients:seen', '-inf', till, 'LIMIT', 0, most), 0
  for i, id in ipairs(ids) do
    if hasTasks(id) then
      call('ZADD', P .. 'clients:seen', NOW, id)
    else
      dropClient(id, cjson.decode(call('HGET', P .. 'clients', id)), maxAge)
      forgotten = forgotten + 1
    end
    if forgotten == enough then return forgotten, i end
  end
  return forgotten, #ids
end
