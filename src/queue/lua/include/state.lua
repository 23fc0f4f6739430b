-- Where a task is. Needs context.lua, purges.lua and `now`.

-- An id is stored in one lane at most. What was purged is in none.
local function laneOf(id)
  for _, lane in ipairs(LANES) do
    if call('EXISTS', jobKey(lane, id)) == 1 then return not purges.isHidden(lane, id) and lane or nil end
  end
end

-- The state of a stored task, and for those that wait for a time, that time.
local function stateOf(lane, id)
  local job = call('HMGET', jobKey(lane, id), 'end', 'kept', 'due')
  if job[1] then return job[1] end
  local score = call('ZSCORE', setKey(lane, 'delayed'), id)
  if isParked(score) then return 'deferred' end
  if score then
    -- Due, and no worker has come by yet to see it.
    if tonumber(job[3]) <= now then return 'pending' end
    return job[2] and 'retrying' or 'scheduled', job[3]
  end
  if call('EXISTS', jobKey(lane, id) .. ':lock') == 1 then return 'running' end
  return 'pending'
end
