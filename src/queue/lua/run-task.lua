-- Makes a task that waits for a time due now. Gates hold it as they hold every task that is due.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- ARGV[3]  how long a gate may hold a task after it was due, milliseconds
-- ARGV[4]  how long expired tasks are kept unless their queue says otherwise, milliseconds
-- Returns  { '' when there is no such task; else the state it was in: of these, `scheduled` and `retrying` mean that it
--          is due now, every other that nothing was done, endings as in step.lua: it may have expired }

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
--@include callbacks
--@include finish
--@include state

local id = ARGV[2]
local lane = laneOf(id)
if not lane then return { '', {} } end
local state = stateOf(lane, id)
if state ~= 'scheduled' and state ~= 'retrying' then return { state, {} } end

call('ZREM', setKey(lane, 'delayed'), id)
call('HSET', jobKey(lane, id), 'due', NOW, 'delay', 0)
promote(lane, id, false, { maxAge = tonumber(ARGV[3]), completedFor = tonumber(ARGV[4]) })
wakeForSoonest()
flushWaits()
flushGates()
flushAlive()
flushHistory()
return { state, endings }
