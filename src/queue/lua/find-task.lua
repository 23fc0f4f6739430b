-- A task as it stands, all of it at one moment.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- Returns  { state, when it is due next in Unix ms or '', name and value of every field of its hash in turn }; nothing
--          when there is no such task

--@include context
--@include purges
local now = clock(ARGV[1])
--@include state

local lane = laneOf(ARGV[2])
if not lane then return false end
local state, due = stateOf(lane, ARGV[2])
return { state, due or '', call('HGETALL', jobKey(lane, ARGV[2])) }
