-- A sign of life of a worker process, with what it does; also its first and its last one. Finds those that are not heard
-- of any more on the way.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  id of the worker
-- ARGV[2]  its record (JSON)
-- ARGV[3]  what it runs (JSON)
-- ARGV[4]  after how many milliseconds of silence a worker is gone
-- ARGV[5]  '1' when it leaves, else ''
-- Returns  { how it is wanted not to work (JSON) or '', 1 when it was not there before, records (JSON) of those that are
--          gone }; or nothing when another process that was started later has the same id, and nothing was written

--@include context
--@include when-full
local now = clock('')
--@include workers

local id, me, lost = ARGV[1], cjson.decode(ARGV[2]), {}
local before = recordOf(id)
local isSame = before and before.token == me.token
local isAlive = before and not before.gone
if isAlive and not isSame then
  local isLater = before.startedAt == me.startedAt and before.token > me.token or before.startedAt > me.startedAt
  if isLater then return false end
  -- It was killed, and this is the one that was started in its place.
  goes(id, before, 'lost')
  lost[1] = call('HGET', WORKERS, id)
end

call('HSET', WORKERS, id, ARGV[2])
call('HSET', RUNNING, id, ARGV[3])
call('ZADD', NAMES, 0, id)
call('ZADD', SEEN, ms(now), id)
call('ZREM', GONE, id)
if ARGV[5] == '1' then goes(id, me, 'stopped') end
append(lost, sweepWorkers(tonumber(ARGV[4])))
return { call('HGET', HELD, id) or '', (isAlive and isSame) and 0 or 1, lost }
