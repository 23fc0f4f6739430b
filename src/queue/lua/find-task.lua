-- A task as it stands, all of it at one moment.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  id
-- Returns  { state, when it is due next in Unix ms or '', name and value of every field of its hash in turn }; nothing
--          when there is no such task

--@include context
--@include state

local lane = laneOf(ARGV[1])
if not lane then return false end
local state, due = stateOf(lane, ARGV[1])
return { state, due or '', call('HGETALL', laneKey(lane, ARGV[1])) }
