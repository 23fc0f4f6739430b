-- Notes when an API key was used, if it still opens anything.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  hash of the key
-- ARGV[2]  when, Unix milliseconds
-- Returns  nothing

local P, call = KEYS[1], redis.call
if call('HEXISTS', P .. 'keys', ARGV[1]) == 1 then call('HSET', P .. 'keys:used', ARGV[1], ARGV[2]) end
