-- Keeps an operation that is to be worked on, with a line in the audit log, in one step.
--
-- ZSET `operations` has the ids of all that are kept, in the order in which they were asked for (all scores 0, ids begin with
-- the time). ZSET `operations:due` has those that are not over, by when somebody has to look at them: what a process works on
-- is put off by it again and again, so that another one follows when it dies. Hash `operation:<id>` is the operation.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- ARGV[3]  how many operations are kept at most, and ARGV[4] how many of them that are not over
-- ARGV[5]  line for the audit log; '' = none
-- ARGV[6]  how many lines the audit log keeps, about
-- ARGV[7], ARGV[8], and on in pairs: name and value of its fields
-- Returns  1, or 0 when there are as many as may be

--@include context
--@include when-full
local now = clock(ARGV[1])
--@include audit

local id, most, mostOpen = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if call('EXISTS', P .. 'operation:' .. id) == 1 then return 1 end
if call('ZCARD', P .. 'operations:due') >= mostOpen then return 0 end

-- Those that are over go first; some at a time, a call adds one.
local AT_ONCE = 20
local excess = call('ZCARD', P .. 'operations') + 1 - most
for _, old in ipairs(call('ZRANGE', P .. 'operations', 0, AT_ONCE - 1)) do
  local isOver = not call('ZSCORE', P .. 'operations:due', old)
  if isOver and (excess > 0 or call('EXISTS', P .. 'operation:' .. old) == 0) then
    call('UNLINK', P .. 'operation:' .. old)
    call('ZREM', P .. 'operations', old)
    excess = excess - 1
  end
end

call('HSET', P .. 'operation:' .. id, 'createdAt', ms(now), 'holder', '', unpack(ARGV, 7))
call('ZADD', P .. 'operations', 0, id)
call('ZADD', P .. 'operations:due', ms(now), id)
audit(ARGV[5], ARGV[6])
return 1
