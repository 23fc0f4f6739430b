-- Forgets clients that have registered themselves and were idle for too long.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  how long a gate may hold a task after it was due, milliseconds
-- ARGV[3]  how long they may be idle, milliseconds
-- ARGV[4]  how many to look at
-- Returns  { how many were forgotten, 1 when there may be more }

--@include context
--@include purges
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include alive
--@include places
--@include limit-gate
--@include client-record

local most = tonumber(ARGV[4])
local forgotten, seen = forgetIdle(ms(now - tonumber(ARGV[3])), most, most, tonumber(ARGV[2]))
return { forgotten, seen == most and 1 or 0 }
