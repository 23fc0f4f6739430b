-- Makes a dead letter a task that is due now and has all its attempts again. Those that were made stay on record.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- ARGV[3]  how long a gate may hold a task after it was due, milliseconds
-- ARGV[4]  how many tasks may be alive at once, that is, have not ended; 0 = any number
-- ARGV[5]  line for the audit log; '' = none
-- ARGV[6]  how many lines the audit log keeps, about
-- ARGV[7]  1 = it has one attempt only, and is a dead letter again after that when it fails
-- Returns  '' when there is no such task; `retried`; `too_late` when it has expired, and would not be started;
--          `full;tasks|client|queue` when there is no room for one more that is alive; else the state of a task that is no
--          dead letter. Only with `retried` was anything done.

--@include context
--@include purges
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include places
--@include alive
--@include admission
--@include state
--@include positions
--@include dead
--@include audit

local id = ARGV[2]
local lane = laneOf(id)
if not lane then return '' end
local state = stateOf(lane, id)
if state ~= 'dead_letter' then return state end
local key = jobKey(lane, id)
local job = call('HMGET', key, 'gates', 'expires')
local expires = tonumber(job[2])
if expires and expires <= now then return 'too_late' end

local ids = gatesOf(job[1])
local queue, client = ids[1], ids[2]
loadRules({ client }, { queue })
local function full()
  if roomLeft(tonumber(ARGV[4])) <= 0 then return 'tasks' end
  if isFull(client) then return 'client' end
  if isFull(queue) then return 'queue' end
end
local what = full()
if what then return 'full;' .. what end

unbury(lane, { id })
call('ZREM', setKey(lane, 'failed'), id)
call('ZREM', P .. 'expiry', lane .. ':' .. id)
-- What ended it, and what would end it again: a mark of being cancelled, and how often it took its worker down.
call('HDEL', key, 'end', 'finishedOn', 'failedReason', 'cancel', 'defa', 'stc', 'died', 'fp', 'once')
if ARGV[7] == '1' then call('HSET', key, 'once', 1) end
call('HSET', key, 'atm', 0, 'due', NOW, 'since', NOW, 'delay', 0)
purges.spare(lane, id, queue)
admit(lane, id, ids, now, expires, tonumber(ARGV[3]))
wakeForSoonest()
flushWaits()
countAlive(ids, 1)
flushGates()
flushAlive()
audit(ARGV[5], ARGV[6])
return 'retried'
