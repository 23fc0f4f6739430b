-- Replaces a task of which no attempt has begun, and puts it where it then belongs: in one piece, so that a worker
-- fetches it either as it was or as it is.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- ARGV[3]  how long a gate may hold a task after it was due, milliseconds
-- ARGV[4]  data (JSON) that the change was made from
-- ARGV[5]  now by the clock of the caller, Unix milliseconds
-- ARGV[6]  due in Unix ms by that clock; '' = as it was
-- ARGV[7]  expiry in Unix ms or ''
-- ARGV[8]  gates ('\n' between)
-- ARGV[9]  data (JSON)
-- ARGV[10] opts (JSON of BullMQ)
-- ARGV[11] what its callbacks are made of (JSON); '' = nobody wants to hear of its end
-- ARGV[12] operation that it is edited for, which counts it; '' = none
-- Returns  '' when there is no such task; `edited`; `changed` when its data is not that of ARGV[4] any more; `started`
--          when an attempt has begun before; else its state, which is none to edit it in. Only with `edited` was
--          anything done.

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
--@include done-for

local id, maxAge = ARGV[2], tonumber(ARGV[3])
local lane = laneOf(id)
if not lane then return '' end
local state = stateOf(lane, id)
if state ~= 'scheduled' and state ~= 'pending' and state ~= 'deferred' then return state end
local key = jobKey(lane, id)
local job = call('HMGET', key, 'data', 'kept', 'gates', 'due', 'expires')
if job[2] or call('HEXISTS', key, 'stc') == 1 then return 'started' end
-- Its worker is gone and nobody has noticed yet.
if state == 'pending' and call('LPOS', setKey(lane, 'active'), id) then return 'started' end
if job[1] ~= ARGV[4] then return 'changed' end

local theirNow, expires, ids = tonumber(ARGV[5]), ARGV[7], ARGV[8]
if expires ~= '' then expires = ms(byOurClock(tonumber(expires), theirNow)) end
local due = ARGV[6] == '' and tonumber(job[4]) or byOurClock(tonumber(ARGV[6]), theirNow)
-- A parked task has to be looked at when it expires. Whoever else keeps its time and its gates keeps its place.
local moves = due ~= tonumber(job[4]) or ids ~= job[3] or (state == 'deferred' and expires ~= (job[5] or ''))
if moves then leave(lane, id) end
call('HSET', key, 'data', ARGV[9], 'opts', ARGV[10], 'gates', ids, 'expires', expires,
  'due', ms(due), 'delay', ms(math.max(0, due - now)))
if ARGV[11] ~= '' then call('HSET', key, 'cb', ARGV[11]) else call('HDEL', key, 'cb') end
doneFor(ARGV[12])
if not moves then return 'edited' end

if due > now then
  countIn('scheduled', gatesOf(ids), 1)
  delay(lane, id, due)
else
  admit(lane, id, gatesOf(ids), due, tonumber(expires), maxAge)
end
releaseTouched(100, maxAge)
wakeForSoonest()
flushWaits()
flushGates()
flushAlive()
return 'edited'
