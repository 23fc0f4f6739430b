-- Where a task is. Needs context.lua and `now`.

-- An id is stored in one lane at most.
local function laneOf(id)
  for _, lane in ipairs(LANES) do
    if call('EXISTS', laneKey(lane, id)) == 1 then return lane end
  end
end

-- The state of a stored task, and for those that wait for a time, that time.
local function stateOf(lane, id)
  local job = call('HMGET', laneKey(lane, id), 'end', 'park', 'kept', 'due')
  if job[1] then return job[1] end
  if job[2] then return 'deferred' end
  if call('ZSCORE', laneKey(lane, 'delayed'), id) then
    -- Due, and no worker has come by yet to see it.
    if tonumber(job[4]) <= now then return 'pending' end
    return (tonumber(job[3]) or 0) > 0 and 'retrying' or 'scheduled', job[4]
  end
  if call('EXISTS', laneKey(lane, id) .. ':lock') == 1 then return 'running' end
  return 'pending'
end
