-- Cancels a task: at once when it does not run; a running one is aborted by the dispatcher that runs it.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- ARGV[3]  how long it is kept unless its queue says otherwise, milliseconds
-- ARGV[4]  how long a gate may hold a task after it was due, milliseconds
-- ARGV[5]  operation that it is cancelled for, which counts it; '' = none
-- Returns  '' when there is no such task; else the state it was in: of these, `running` means that its dispatcher was
--          told, a finished state that nothing was done, every other that it is cancelled now

--@include context
--@include purges
--@include when-full
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
--@include done-for

local id = ARGV[2]
local lane = laneOf(id)
if not lane then return '' end
local state = stateOf(lane, id)
if state == 'running' then
  local token = call('GET', jobKey(lane, id) .. ':lock')
  -- Should the call end before its worker hears of it, or the worker die, it must not be tried again.
  if call('HSET', jobKey(lane, id), 'cancel', 1) == 1 then doneFor(ARGV[5]) end
  call('SADD', P .. 'cancel:' .. token, id)
  call('PEXPIRE', P .. 'cancel:' .. token, 600000)
  call('ZADD', P .. 'signal:' .. token, 0, '0')
  call('PEXPIRE', P .. 'signal:' .. token, 600000)
  return state
end
if state ~= 'deferred' and state ~= 'scheduled' and state ~= 'retrying' and state ~= 'pending' then return state end

leave(lane, id)
finish(lane, id, 'cancelled', { completedFor = tonumber(ARGV[3]) })
releaseTouched(100, tonumber(ARGV[4]))
wakeForSoonest()
flushWaits()
flushGates()
flushAlive()
flushHistory()
doneFor(ARGV[5])
return state
