-- Says whether a worker may work, which holds also for one that is started later with this id, with a line in the audit
-- log in one step, and calls it.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  id of the worker
-- ARGV[2]  how it was wanted not to work, as the caller has read it (JSON); '' = it might
-- ARGV[3]  how it is wanted not to work from now on (JSON); '' = it may
-- ARGV[4]  line for the audit log; '' = none
-- ARGV[5]  how many lines the audit log keeps, about
-- Returns  now, Unix milliseconds: what the worker says later than that is an answer; 0 when it is gone, and nothing will
--          come; -1 when there is no such worker; -2 when something else is wanted of it by now, and nothing was changed

--@include context
--@include when-full
local now = clock('')
--@include workers
--@include call-worker
--@include audit

local id, before, after = ARGV[1], ARGV[2], ARGV[3]
local record = recordOf(id)
if not record then return -1 end
if (call('HGET', HELD, id) or '') ~= before then return -2 end
if after == '' then call('HDEL', HELD, id) else call('HSET', HELD, id, after) end
audit(ARGV[4], ARGV[5])
if record.gone then
  rememberGone(id)
  return 0
end
callWorker(record.token)
return now
