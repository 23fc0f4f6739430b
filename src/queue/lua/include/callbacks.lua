-- Orders to tell somebody that a task has ended. Needs context.lua and `now`.
--
-- A task that somebody wants to hear of has in field `cb` what its callback is made of (JSON); every end of it is counted in
-- field `ends` (ids may have been used before, then it goes on behind what is there), and becomes an order in the same step: ZSET `callbacks` has the ids of the tasks that the orders become, by
-- when somebody has to see to them, Unix ms; hash `callbacks:orders` has what they say, '\n' between:
--   id of the task that has ended, its end, the reason, attempts made, when it ended in Unix ms, its last attempt (JSON) or
--   '', its field `cb`
-- An order says all that the callback says: it is carried out also when the task is gone by then.

local function isTold(callback)
  if call('HEXISTS', P .. 'callbacks:orders', callback) == 1 then return true end
  for _, lane in ipairs(LANES) do
    if call('EXISTS', jobKey(lane, callback)) == 1 then return true end
  end
  return false
end

local function orderCallback(lane, id)
  local key = jobKey(lane, id)
  local job = call('HMGET', key, 'cb', 'end', 'failedReason', 'atm', 'kept', 'ends')
  if not job[1] then return end
  -- <attempts kept or not>;<...>: each has a place, from 0.
  local made = tonumber(string.match(job[5] or '', '^%d+')) or 0
  local attempt = made > 0 and call('HGET', key, 'a:' .. made - 1) or ''
  local ends, order = tonumber(job[6]) or 0, nil
  -- A task of this id may have been there before, and what told of its end may still be: that would be taken for this one.
  repeat
    ends = ends + 1
    -- As callbackId in src/task/task-id.ts.
    order = id .. '@callback' .. (ends > 1 and '-' .. ends or '')
  until not isTold(order)
  call('HSET', key, 'ends', ends)
  call('HSET', P .. 'callbacks:orders', order,
    table.concat({ id, job[2], job[3] or '', job[4] or '0', ms(now), attempt, job[1] }, '\n'))
  call('ZADD', P .. 'callbacks', ms(now), order)
end
