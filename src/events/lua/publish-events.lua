-- Appends events to the stream, which keeps about so many and is gone when nothing is appended for a while.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  how many events are kept, about
-- ARGV[2]  for how long, milliseconds
-- ARGV[3..] 4 values for each: kind, client or '', queue or '', data (JSON)
-- Returns  the id of the last one

local key, last = KEYS[1] .. 'events'
for i = 3, #ARGV, 4 do
  last = redis.call('XADD', key, 'MAXLEN', '~', ARGV[1], '*', 'k', ARGV[i], 'c', ARGV[i + 1], 'q', ARGV[i + 2], 'd',
    ARGV[i + 3])
end
redis.call('PEXPIRE', key, ARGV[2])
return last
