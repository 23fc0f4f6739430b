-- Changes what a gate lets through, and lets in at once what that allows.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  gate
-- ARGV[3]  its limits as in hash `gates`; '' = none
-- ARGV[4]  how long a gate may hold a task after it was due, milliseconds
-- Returns  how many tasks are still parked under it

--@include context
--@include purges
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include alive
--@include places
--@include limit-gate

return limitGate(ARGV[2], ARGV[3], tonumber(ARGV[4]))
