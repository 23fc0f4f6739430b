-- An occurrence that was claimed has become a task, is left out, or has to be seen to again.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  schedule
-- ARGV[3]  id of its task
-- ARGV[4]  fired; again; dropped (nothing is said of it); else why it is left out
-- ARGV[5]  of `again`: after how many milliseconds
-- Returns  nothing

--@include context
local now = clock(ARGV[1])
--@include schedules

local key, id, what = ARGV[2], ARGV[3], ARGV[4]
if what == 'again' then
  call('ZADD', P .. 'occurrences', 'XX', ms(now + ARGV[5]), id)
  return
end
local at = dropOrder(key, id)
if not at or call('HEXISTS', P .. 'schedules', key) == 0 then return end
if what == 'fired' then
  countFired(key, id, at)
elseif what ~= 'dropped' then
  countSkipped(key, 1, now, what)
end
