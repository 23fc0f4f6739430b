-- Schedules, by <client>.<schedule>. Needs context.lua.
--
-- Hash `schedules` has what was asked for (JSON), hash `schedules:progress` how far it is (JSON); ZSETs `schedules:names` and
-- `schedules:names:<client>` order the ids. ZSET `schedules:due` has by when somebody has to see to it, Unix ms: when it fires
-- next, or when whoever sees to it now is taken to be dead.
-- An occurrence that was claimed is an order until it is a task: ZSET `occurrences` has the ids of the tasks by when somebody
-- has to see to them, hash `occurrences:orders` of each <schedule>\n<when it fires, Unix ms>, and
-- when tasks led to it \n<how many in a row>; hash `schedules:waiting` has how
-- many orders there are of a schedule, and of a client. Hash `schedules:tally:<id>` counts: fired, skipped, task (the last
-- one), at (when that was to fire, Unix ms), recent (those that may not have ended, at most ten, '\n' between), skip (when one was last left out, Unix ms, and why).

local function inName(name, key) return P .. 'schedules:' .. name .. ':' .. key end

local function hasNotEnded(id)
  for _, lane in ipairs(LANES) do
    if call('EXISTS', jobKey(lane, id)) == 1 then return call('HEXISTS', jobKey(lane, id), 'end') == 0 end
  end
  return false
end

-- The tasks of a schedule that have not ended, of the last ten. Orders are not among them.
local function aliveOf(key)
  local tally, alive = call('HMGET', inName('tally', key), 'recent', 'task'), {}
  for id in string.gmatch(tally[1] or tally[2] or '', '[^\n]+') do
    if hasNotEnded(id) then alive[#alive + 1] = id end
  end
  return alive
end

local function isAlive(key) return #aliveOf(key) > 0 end

local RECENT = 10

local function countFired(key, id, at)
  local alive = aliveOf(key)
  alive[#alive + 1] = id
  while #alive > RECENT do table.remove(alive, 1) end
  call('HINCRBY', inName('tally', key), 'fired', 1)
  call('HSET', inName('tally', key), 'task', id, 'at', at, 'recent', table.concat(alive, '\n'))
end

local function countSkipped(key, by, at, reason)
  if by == 0 then return end
  call('HINCRBY', inName('tally', key), 'skipped', by)
  call('HSET', inName('tally', key), 'skip', ms(at) .. ';' .. reason)
end

local function clientOf(key) return string.match(key, '^[^.]+') end

local function waitingOf(name) return tonumber(call('HGET', P .. 'schedules:waiting', name)) or 0 end

local function countWaiting(key, by)
  for _, name in ipairs({ key, clientOf(key) }) do
    if call('HINCRBY', P .. 'schedules:waiting', name, by) <= 0 then call('HDEL', P .. 'schedules:waiting', name) end
  end
end

-- What waits already is not ordered again.
local function order(key, id, at, depth, now)
  local text = key .. '\n' .. ms(at) .. (depth ~= '0' and '\n' .. depth or '')
  if call('HSETNX', P .. 'occurrences:orders', id, text) == 0 then return end
  call('ZADD', P .. 'occurrences', ms(now), id)
  countWaiting(key, 1)
end

-- Of an order: schedule, when it fires in Unix ms, how many tasks in a row led to it or ''.
local function readOrder(id)
  local text = call('HGET', P .. 'occurrences:orders', id) or ''
  return string.match(text, '^([^\n]+)\n(%d+)\n?(%d*)$')
end

-- Returns when it was to fire, Unix ms; nothing when it is not there any more.
local function dropOrder(key, id)
  local _, at = readOrder(id)
  if call('HDEL', P .. 'occurrences:orders', id) == 0 then return nil end
  call('ZREM', P .. 'occurrences', id)
  countWaiting(key, -1)
  return at
end

-- `next`: '' = it is not due.
local function setDue(key, next)
  if next == '' then call('ZREM', P .. 'schedules:due', key) else call('ZADD', P .. 'schedules:due', next, key) end
end
