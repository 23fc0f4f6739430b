-- Takes schedules that are due, for a while: whoever takes them and dies leaves them to the next one. Claiming an occurrence
-- is what decides who fires it; this only keeps many from looking at the same.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  how many at most
-- ARGV[3]  for how long, milliseconds
-- Returns  { now in Unix ms, milliseconds until the next one is due or -1, ids }

--@include context
--@include when-full
local now = clock(ARGV[1])
local due = P .. 'schedules:due'
local keys = call('ZRANGEBYSCORE', due, '-inf', ms(now), 'LIMIT', 0, ARGV[2])
for _, key in ipairs(keys) do call('ZADD', due, ms(now + ARGV[3]), key) end
local head = call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
return { ms(now), head and math.max(0, tonumber(head) - now) or -1, keys }
