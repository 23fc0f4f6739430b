-- Has a worker say at once what it does.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  id of the worker
-- Returns  now, Unix milliseconds: what it says later than that is an answer; -1 when it is not there

--@include context
--@include when-full
local now = clock('')
--@include workers
--@include call-worker

local record = recordOf(ARGV[1])
if not record or record.gone then return -1 end
callWorker(record.token)
return now
