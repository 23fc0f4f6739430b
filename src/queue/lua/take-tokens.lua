-- Takes tokens out of the buckets of principals: the bound on their requests per second. Of one that has none, none are
-- taken.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  tokens per second, and as many a bucket holds
-- ARGV[3]  1 = of all of these principals or of none
-- ARGV[4], ARGV[5], and so on in pairs: a principal, no one twice and at most a thousand; how many to take: one has to be
--          there, the rest may be owed
-- Returns  for each principal, in order: 0 when it has them; else in how many milliseconds there is one

--@include context
local now = clock(ARGV[1])
--@include token-bucket

local principals, waits, isRefused = {}, {}, false
for i = 4, #ARGV, 2 do principals[#principals + 1] = ARGV[i] end
loadBuckets(principals, tonumber(ARGV[2]))
for i, principal in ipairs(principals) do
  waits[i] = takeTokens(principal, tonumber(ARGV[3 + 2 * i])) or 0
  isRefused = isRefused or waits[i] > 0
end
if not (isRefused and ARGV[3] == '1') then flushTokens() end
return waits
