-- Brings back some of what a purge of a queue has taken: each waits for its time, or asks its gates again. As dead letters
-- were only hidden, there is nothing to bring back of them.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  operation
-- ARGV[3]  how many
-- ARGV[4]  how long a gate may hold a task after it was due, milliseconds
-- ARGV[5]  how long those are kept that have expired meanwhile unless their queue says otherwise, milliseconds
-- Returns  { how many came back, how many are left }

--@include context
--@include purges
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include alive
--@include places
--@include history
--@include positions
--@include dead
--@include finish

local key = P .. 'purged:' .. ARGV[2]
local limits = { maxAge = tonumber(ARGV[4]), completedFor = tonumber(ARGV[5]) }

local function comeBack(lane, id, job)
  local ids, due, expires = gatesOf(job[1]), tonumber(job[2]) or now, tonumber(job[3])
  call('HDEL', jobKey(lane, id), 'purged')
  purges.spare(lane, id, ids[1])
  countAlive(ids, 1)
  if expires and expires <= now then
    finish(lane, id, 'expired', limits)
  elseif due > now then
    countIn(delayedAs(false, job[5]), ids, 1)
    delay(lane, id, due)
  else
    admit(lane, id, ids, due, expires, limits.maxAge)
  end
end

local count = 0
for _, member in ipairs(call('LPOP', key, ARGV[3]) or {}) do
  local lane, id = string.match(member, '^(%a+):(.+)$')
  local job = call('HMGET', jobKey(lane, id), 'gates', 'due', 'expires', 'purged', 'kept')
  if job[4] == ARGV[2] then
    comeBack(lane, id, job)
    count = count + 1
  end
end
wakeForSoonest()
flushWaits()
flushGates()
flushAlive()
flushHistory()
local left = call('LLEN', key)
if left == 0 then
  call('HDEL', P .. 'purged', ARGV[2])
  call('DEL', P .. 'purge:' .. ARGV[2])
end
return { count, left }
