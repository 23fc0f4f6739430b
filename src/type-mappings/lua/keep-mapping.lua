-- Replaces or removes what a type of task is mapped to, with a line in the audit log, in one step.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  type
-- ARGV[2]  its record as the caller has read it; '' = there was none
-- ARGV[3]  the record from now on (JSON); '' = none
-- ARGV[4]  how many there may be
-- ARGV[5]  line for the audit log; '' = none
-- ARGV[6]  how many lines the audit log keeps, about
-- Returns  kept | changed (it is another one by now) | too_many; only with `kept` was anything done

--@include context
--@include audit

local key, name, after = P .. 'task-types', ARGV[1], ARGV[3]
local before = call('HGET', key, name) or ''
if before ~= ARGV[2] then return 'changed' end
if after == '' then
  call('HDEL', key, name)
elseif before == '' and call('HLEN', key) >= tonumber(ARGV[4]) then
  return 'too_many'
else
  call('HSET', key, name, after)
end
audit(ARGV[5], ARGV[6])
return 'kept'
