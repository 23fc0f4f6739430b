-- Gives back what a dead dispatcher held: every task that is active and has no lock any more goes to the front of its
-- lane. It keeps its slots, so that no gate lets another one in for it, and no attempt is used.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  how often a task may lose its dispatcher before it becomes a dead letter
-- ARGV[2]  how long the other dispatchers need not look, milliseconds
-- ARGV[3]  where to begin in the lists of active tasks; 0 = a new round
-- Returns  { where to go on or -1, ids that were given back }; { -1, {} } when another dispatcher has just looked

--@include context
--@include when-full
local now = clock('')
--@include gates
--@include places
--@include history
--@include finish
local AT_ONCE = 1000

local from = tonumber(ARGV[3])
if from == 0 and not call('SET', P .. 'recovery', '1', 'NX', 'PX', ARGV[2]) then return { -1, {} } end

local recovered, onward = {}, -1
for _, lane in ipairs(LANES) do
  local ids = call('LRANGE', setKey(lane, 'active'), from, from + AT_ONCE - 1)
  if #ids == AT_ONCE then onward = from + AT_ONCE end
  for _, id in ipairs(ids) do
    local key = jobKey(lane, id)
    if call('EXISTS', key .. ':lock') == 0 then
      call('LREM', setKey(lane, 'active'), -1, id)
      if call('EXISTS', key) == 1 then
        if call('HINCRBY', key, 'stc', 1) > tonumber(ARGV[1]) then call('HSET', key, 'defa', 'crashed_too_often') end
        backToWait(lane, id)
        recovered[#recovered + 1] = id
      end
    end
  end
end
flushGates()
return { onward, recovered }
