-- Schedules, by <client>.<schedule>. Needs context.lua.
--
-- Hash `schedules` has what was asked for (JSON), hash `schedules:progress` how far it is (JSON); ZSETs `schedules:names` and
-- `schedules:names:<client>` order the ids. ZSET `schedules:due` has by when somebody has to see to it, Unix ms: when it fires
-- next, or when whoever sees to it now is taken to be dead.
-- An occurrence that was claimed is an order until it is a task: ZSET `occurrences` has the ids of the tasks by when somebody
-- has to see to them, hash `occurrences:orders` of each <schedule>\n<when it fires, Unix ms>; hash `schedules:waiting` has how
-- many orders there are of a schedule. Hash `schedules:tally:<id>` counts: fired, skipped, task (the last one), skip (when
-- one was last left out, Unix ms, and why).

local function inName(name, key) return P .. 'schedules:' .. name .. ':' .. key end

-- Whether the last occurrence has not ended: one that is no task yet has not, either.
local function isAlive(key)
  local id = call('HGET', inName('tally', key), 'task')
  if not id then return false end
  for _, lane in ipairs(LANES) do
    if call('EXISTS', jobKey(lane, id)) == 1 then return call('HEXISTS', jobKey(lane, id), 'end') == 0 end
  end
  return false
end

local function countSkipped(key, by, at, reason)
  if by == 0 then return end
  call('HINCRBY', inName('tally', key), 'skipped', by)
  call('HSET', inName('tally', key), 'skip', ms(at) .. ';' .. reason)
end

local function order(key, id, at, now)
  call('HSET', P .. 'occurrences:orders', id, key .. '\n' .. ms(at))
  call('ZADD', P .. 'occurrences', ms(now), id)
  call('HINCRBY', P .. 'schedules:waiting', key, 1)
end

local function dropOrder(key, id)
  if call('HDEL', P .. 'occurrences:orders', id) == 0 then return false end
  call('ZREM', P .. 'occurrences', id)
  if call('HINCRBY', P .. 'schedules:waiting', key, -1) <= 0 then call('HDEL', P .. 'schedules:waiting', key) end
  return true
end

-- `next`: '' = it is not due.
local function setDue(key, next)
  if next == '' then call('ZREM', P .. 'schedules:due', key) else call('ZADD', P .. 'schedules:due', next, key) end
end
