-- Removes a dead letter for good.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- ARGV[3]  line for the audit log; '' = none
-- ARGV[4]  how many lines the audit log keeps, about
-- Returns  '' when there is no such task; `deleted`; else the state of a task that is no dead letter, which is left alone

--@include context
--@include when-full
local now = clock(ARGV[1])
--@include state
--@include alive
--@include positions
--@include made
--@include dead
--@include audit

local id = ARGV[2]
local lane = laneOf(id)
if not lane then return '' end
local state = stateOf(lane, id)
if state ~= 'dead_letter' then return state end
forgetMade(lane, { id })
unbury(lane, { id })
call('ZREM', setKey(lane, 'failed'), id)
call('ZREM', P .. 'expiry', lane .. ':' .. id)
call('UNLINK', jobKey(lane, id), jobKey(lane, id) .. ':logs')
flushAlive()
audit(ARGV[3], ARGV[4])
return 'deleted'
