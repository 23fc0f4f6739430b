-- Takes tokens out of the bucket of a principal: the bound on its requests per second.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  tokens per second, and as many the bucket holds
-- ARGV[3]  principal
-- ARGV[4]  how many to take; one has to be there, the rest may be owed
-- Returns  0 when they were taken; else in how many milliseconds there is one

--@include context
local now = clock(ARGV[1])
--@include token-bucket

loadBuckets({ ARGV[3] }, tonumber(ARGV[2]))
local wait = takeTokens(ARGV[3], tonumber(ARGV[4]))
flushTokens()
return wait or 0
