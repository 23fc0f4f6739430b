-- Takes orders of occurrences that are due, for a while: whoever takes them and dies leaves them to the next one.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  how many at most
-- ARGV[3]  for how long, milliseconds
-- Returns  { now in Unix ms, for each, in order, id of its task, schedule, when it fires in Unix ms, how many tasks in a row
--          led to it, 1 when the occurrence before it has not ended, else 0 }

--@include context
--@include when-full
local now = clock(ARGV[1])
--@include schedules

local ids = call('ZRANGEBYSCORE', P .. 'occurrences', '-inf', ms(now), 'LIMIT', 0, ARGV[2])
local taken = { ms(now) }
for _, id in ipairs(ids) do
  local key, at, depth = readOrder(id)
  if key then
    call('ZADD', P .. 'occurrences', ms(now + ARGV[3]), id)
    append(taken, { id, key, at, depth, isAlive(key) and 1 or 0 })
  else
    call('ZREM', P .. 'occurrences', id)
  end
end
return taken
