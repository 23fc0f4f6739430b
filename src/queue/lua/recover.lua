-- Gives back what a dead dispatcher held: every task that is active and has no lock any more goes to the front of its
-- lane. It keeps its slots, so that no gate lets another one in for it, and no attempt is used.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  how often a task may lose its dispatcher before it becomes a dead letter
-- ARGV[2]  how long the other dispatchers need not look, milliseconds
-- ARGV[3]  where to begin: '' = a new round, else what the last call returned
-- Returns  { where to go on or '', ids that were given back }; { '', {} } when another dispatcher has just looked

--@include context
--@include purges
--@include when-full
local now = clock('')
--@include circuits
--@include gates
--@include rooms
--@include alive
--@include places
--@include history
--@include positions
--@include dead
--@include finish

-- What one call looks at. Begun are tasks at the head of `active`, so that positions are counted from the tail, where
-- the oldest are: the ones that were lost, and nothing moves them but an end.
local AT_ONCE = 1000

local function giveBackTo(lane, id)
  local key = jobKey(lane, id)
  call('LREM', setKey(lane, 'active'), -1, id)
  if call('EXISTS', key) == 0 then return false end
  if call('HINCRBY', key, 'stc', 1) >= tonumber(ARGV[1]) then call('HSET', key, 'defa', 'crashed_too_often') end
  purges.spare(lane, id)
  backToWait(lane, id)
  return true
end

local function recoverSome(lane, from)
  local ids = call('LRANGE', setKey(lane, 'active'), -(from + AT_ONCE), -(from + 1))
  local recovered, left = {}, 0
  for i = #ids, 1, -1 do
    if call('EXISTS', jobKey(lane, ids[i]) .. ':lock') == 1 then
      left = left + 1
    elseif giveBackTo(lane, ids[i]) then
      recovered[#recovered + 1] = ids[i]
    end
  end
  return recovered, #ids == AT_ONCE and from + left
end

if ARGV[3] == '' and not call('SET', P .. 'recovery', '1', 'NX', 'PX', ARGV[2]) then return { '', {} } end
local position, from = string.match(ARGV[3], '^(%d+):(%d+)$')
position, from = tonumber(position) or 1, tonumber(from) or 0
local recovered, onward = recoverSome(LANES[position], from)
flushGates()
if onward then return { position .. ':' .. onward, recovered } end
return { LANES[position + 1] and position + 1 .. ':0' or '', recovered }
