-- Takes orders of callbacks that are due, for a while: whoever takes them and dies leaves them to the next one.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  how many at most
-- ARGV[3]  for how long, milliseconds
-- Returns  for each, in order, id of the task that it becomes and what it says, see include/callbacks.lua

--@include context
--@include when-full
local now = clock(ARGV[1])
local ids = call('ZRANGEBYSCORE', P .. 'callbacks', '-inf', ms(now), 'LIMIT', 0, ARGV[2])
if #ids == 0 then return {} end
local orders, taken = call('HMGET', P .. 'callbacks:orders', unpack(ids)), {}
for i, id in ipairs(ids) do
  if orders[i] then
    call('ZADD', P .. 'callbacks', ms(now + ARGV[3]), id)
    append(taken, { id, orders[i] })
  else
    call('ZREM', P .. 'callbacks', id)
  end
end
return taken
