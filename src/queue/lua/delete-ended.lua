-- Removes a task that has ended for good.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- ARGV[3]  line for the audit log; '' = none
-- ARGV[4]  how many lines the audit log keeps, about
-- ARGV[5]  1 = only when it is a dead letter
-- ARGV[6]  operation that it is removed for, which counts it; '' = none
-- Returns  '' when there is no such task; `deleted`; else the state of a task that is not to be removed, and is left alone

--@include context
--@include purges
--@include when-full
local now = clock(ARGV[1])
--@include state
--@include alive
--@include history
--@include recount
--@include positions
--@include made
--@include dead
--@include audit
--@include done-for

local id = ARGV[2]
local lane = laneOf(id)
if not lane then return '' end
local state = stateOf(lane, id)
local isDead = state == 'dead_letter'
local isEnded = isDead or state == 'completed' or state == 'cancelled' or state == 'expired'
if not isEnded or (ARGV[5] == '1' and not isDead) then return state end
forgetMade(lane, { id })
if isDead then unbury(lane, { id }) else shrink(lane, { id }, { stored(lane, id) }) end
call('ZREM', setKey(lane, isDead and 'failed' or 'completed'), id)
call('ZREM', P .. 'expiry', lane .. ':' .. id)
call('UNLINK', jobKey(lane, id), jobKey(lane, id) .. ':logs')
flushAlive()
audit(ARGV[3], ARGV[4])
doneFor(ARGV[6])
return 'deleted'
