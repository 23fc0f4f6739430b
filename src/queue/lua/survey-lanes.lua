-- How deep the lanes are, and for how long the oldest task has been waiting. Changes nothing.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- Returns  of each lane 7 values: tasks in `wait`, active, delayed, delayed though their time has come, completed, failed;
--          and for how many ms the one has been due that waits longest of those that no gate holds

--@include context
local now = clock(ARGV[1])

local function dueOf(lane, id)
  return id and tonumber(call('HGET', jobKey(lane, id), 'due') or nil)
end

-- Taken from `wait` is what came first; one whose time has come waits in `delayed` until a worker looks.
local function oldest(lane)
  local waiting = dueOf(lane, call('LINDEX', setKey(lane, 'wait'), -1))
  local head = call('ZRANGE', setKey(lane, 'delayed'), 0, 0, 'WITHSCORES')
  local delayed = head[2] and not isParked(head[2]) and delayedTime(head[2])
  local due = math.min(waiting or math.huge, delayed or math.huge)
  return due < now and ms(now - due) or '0'
end

local values = {}
for _, lane in ipairs(LANES) do
  append(values, {
    call('LLEN', setKey(lane, 'wait')),
    call('LLEN', setKey(lane, 'active')),
    call('ZCARD', setKey(lane, 'delayed')),
    call('ZCOUNT', setKey(lane, 'delayed'), '-inf', '(' .. delayedScore(now + 1)),
    call('ZCARD', setKey(lane, 'completed')),
    call('ZCARD', setKey(lane, 'failed')),
    tonumber(oldest(lane)),
  })
end
return values
