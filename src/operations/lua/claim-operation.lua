-- Takes an operation to work on: one that is due, as nobody works on it or whoever did was not heard of for too long.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  who takes it
-- ARGV[3]  for how long nobody else takes it, milliseconds
-- Returns  { id, name and value of each of its fields in turn }; nothing when none is due

--@include context
--@include when-full
local now = clock(ARGV[1])

local id = call('ZRANGEBYSCORE', P .. 'operations:due', '-inf', ms(now), 'LIMIT', 0, 1)[1]
if not id then return false end
if call('EXISTS', P .. 'operation:' .. id) == 0 then
  call('ZREM', P .. 'operations:due', id)
  return false
end
call('ZADD', P .. 'operations:due', ms(now + tonumber(ARGV[3])), id)
call('HSET', P .. 'operation:' .. id, 'holder', ARGV[2])
return { id, call('HGETALL', P .. 'operation:' .. id) }
