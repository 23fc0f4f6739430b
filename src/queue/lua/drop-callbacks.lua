-- Forgets orders of callbacks that were carried out.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  ignored
-- ARGV[2..]  ids, no more than unpack takes
-- Returns  nothing

--@include context
local ids = { unpack(ARGV, 2) }
call('HDEL', P .. 'callbacks:orders', unpack(ids))
call('ZREM', P .. 'callbacks', unpack(ids))
