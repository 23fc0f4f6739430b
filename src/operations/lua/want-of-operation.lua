-- Asks whoever works on an operation to end it, with a line in the audit log in one step.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- ARGV[3]  `cancel`
-- ARGV[4]  line for the audit log; '' = none
-- ARGV[5]  how many lines the audit log keeps, about
-- Returns  '' when there is no such operation; `wanted`; `over` when it is over already, or is being ended

--@include context
--@include when-full
local now = clock(ARGV[1])
--@include audit

local id, what = ARGV[2], ARGV[3]
local key = P .. 'operation:' .. id
local operation = call('HMGET', key, 'state', 'wanted', 'holder')
if not operation[1] then return '' end
if operation[2] or operation[1] ~= 'running' then return 'over' end
call('HSET', key, 'wanted', what)
if operation[3] == '' then call('ZADD', P .. 'operations:due', ms(now), id) end
audit(ARGV[4], ARGV[5])
return 'wanted'
