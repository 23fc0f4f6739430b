-- Changes what a gate lets through, and lets in at once what that allows.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  gate
-- ARGV[3]  its limits as in hash `gates`; '' = none
-- ARGV[4]  how long a gate may hold a task after it was due, milliseconds
-- Returns  how many tasks are still parked under it

--@include context
local now = clock(ARGV[1])
--@include gates
--@include places

-- The rest is let in as slots come free: opening a gate in front of 100,000 tasks must not hold Redis.
local MOST_RELEASED = 200

local id, limits = ARGV[2], ARGV[3]
if limits == '' then
  call('HDEL', P .. 'gates', id)
  for _, lane in ipairs(LANES) do call('HDEL', P .. 'window', id .. '/' .. lane) end
else
  call('HSET', P .. 'gates', id, limits)
end
release(id, MOST_RELEASED, tonumber(ARGV[4]))
flushWaits()
flushGates()
local left = call('ZCARD', P .. 'park:' .. id)
-- A gate without limits is touched by nothing any more: it is looked at again until nothing is left under it.
if left > 0 then wakeAt(id, now + 10) end
return left
