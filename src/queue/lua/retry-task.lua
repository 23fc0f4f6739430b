-- Makes a dead letter a task that is due now and has all its attempts again, and edits it before that when it is to be
-- another one. Those that were made stay on record.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- ARGV[3]  how long a gate may hold a task after it was due, milliseconds
-- ARGV[4]  how many tasks may be alive at once, that is, have not ended; 0 = any number
-- ARGV[5]  line for the audit log; '' = none
-- ARGV[6]  how many lines the audit log keeps, about
-- ARGV[7]  1 = it has one attempt only, and is a dead letter again after that when it fails
-- ARGV[8]  operation that it is retried for, which counts it; '' = none
-- ARGV[9]  data (JSON) that an edit was made from; '' = it is not edited, and nothing follows
-- ARGV[10] now by the clock of the caller, Unix milliseconds
-- ARGV[11] expiry in Unix ms by that clock or ''
-- ARGV[12] gates ('\n' between)
-- ARGV[13] data (JSON)
-- ARGV[14] opts (JSON of BullMQ)
-- ARGV[15] what its callbacks are made of (JSON); '' = nobody wants to hear of its end
-- ARGV[16] 1 = it is edited, and stays a dead letter
-- Returns  '' when there is no such task; `retried`; `edited` when it stays a dead letter; `changed` when its data is not
--          that of ARGV[9] any more; `too_late` when it has expired, and would not be started;
--          `full;tasks|client|queue` when there is no room for one more that is alive; else the state of a task that is no
--          dead letter. Only with `retried` and `edited` was anything done.

--@include context
--@include purges
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include alive
--@include places
--@include admission
--@include state
--@include positions
--@include dead
--@include audit
--@include done-for

local id = ARGV[2]
local lane = laneOf(id)
if not lane then return '' end
local state = stateOf(lane, id)
if state ~= 'dead_letter' then return state end
local key = jobKey(lane, id)
local job, isEdited = call('HMGET', key, 'gates', 'expires', 'data'), ARGV[9] ~= ''
if isEdited and job[3] ~= ARGV[9] then return 'changed' end
local list, expires = job[1], tonumber(job[2])
if isEdited then
  list, expires = ARGV[12], tonumber(ARGV[11])
  expires = expires and byOurClock(expires, tonumber(ARGV[10]))
end

local function edit()
  call('HSET', key, 'data', ARGV[13], 'opts', ARGV[14], 'gates', list, 'expires', expires and ms(expires) or '')
  if ARGV[15] ~= '' then call('HSET', key, 'cb', ARGV[15]) else call('HDEL', key, 'cb') end
end
if ARGV[16] == '1' then
  edit()
  audit(ARGV[5], ARGV[6])
  return 'edited'
end
if expires and expires <= now then return 'too_late' end

local ids = gatesOf(list)
local queue, client = ids[1], ids[2]
loadRules({ client }, { queue })
local function full()
  if roomLeft(tonumber(ARGV[4])) <= 0 then return 'tasks' end
  if isFull(client) then return 'client' end
  if isFull(queue) then return 'queue' end
end
local what = full()
if what then return 'full;' .. what end
if isEdited then edit() end

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
comes(ids)
flushGates()
flushAlive()
audit(ARGV[5], ARGV[6])
doneFor(ARGV[8])
return 'retried'
