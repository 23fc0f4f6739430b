-- Purges a queue, or clears the dead letters: from now on what is in there is there for nobody. How much that is, is no matter.
--
-- Hash `purge:<operation>` has what a purge is of, up to where, and how many tasks that were.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  operation; a repeat changes nothing, and one that is over or is being undone begins nothing any more. '' = count only
-- ARGV[3]  gate of the queue, or `dead`: the dead letters
-- Returns  { how many tasks it takes, how many run and are not taken, now in Unix ms }

--@include context
--@include purges
--@include when-full
local now = clock(ARGV[1])
--@include positions

local operation, what = ARGV[2], ARGV[3]
local key = P .. 'purge:' .. operation
local before = operation ~= '' and call('HMGET', key, 'count', 'running') or {}
if before[1] then return { tonumber(before[1]), tonumber(before[2]), now } end
-- Sent again when somebody else has carried it out meanwhile: nobody would take away any more what it hides.
local state = operation ~= '' and call('HGET', P .. 'operation:' .. operation, 'state')
if state and state ~= 'running' then return { 0, 0, now } end

local function newest(name) return call('GET', P .. name .. ':last') or newestIn(name) end

-- Looks at what runs, 1 µs each; no more than a fleet mostly has. What is beyond is counted as if it were taken, until it is
-- known how many were.
local MOST_RUNNING = 5000
local function runningIn(gate)
  local count, left = 0, MOST_RUNNING
  for _, lane in ipairs(LANES) do
    local active = left > 0 and call('LRANGE', setKey(lane, 'active'), 0, left - 1) or {}
    left = left - #active
    for _, id in ipairs(active) do
      if gatesOf(call('HGET', jobKey(lane, id), 'gates'))[1] == gate then count = count + 1 end
    end
  end
  return count
end

local hidden = what == 'dead' and purges.hiddenCounts()
local function visibleIn(lane) return call('ZCARD', setKey(lane, 'failed')) - (hidden['lane:' .. lane] or 0) end

local function countDead()
  local count = 0
  for _, lane in ipairs(LANES) do count = count + visibleIn(lane) end
  return count
end

-- All that nobody else has cleared, up to the newest one.
local function clearDead()
  local fields = {}
  for _, lane in ipairs(LANES) do append(fields, { 'lane:' .. lane, visibleIn(lane) }) end
  for _, fingerprint in ipairs(call('HKEYS', P .. 'dead:groups')) do
    append(fields, { fingerprint, call('XLEN', P .. 'dead:' .. fingerprint) - (hidden[fingerprint] or 0) })
  end
  -- Eight for each queue.
  local depths = call('HGETALL', P .. 'depth')
  for i = 1, #depths, 2 do
    local queue = string.match(depths[i], '^dead_letter/(.*)$')
    if queue then append(fields, { queue, depths[i + 1] - (hidden[queue] or 0) }) end
  end
  inPieces(fields, UNPACK, function(from, to) call('HSET', P .. 'cleared:' .. operation, unpack(fields, from, to)) end)
  local ranges = purges.notCleared(newest('dead'))
  if ranges ~= '' then call('HSET', P .. 'cleared', operation, ranges) end
end

-- What an earlier purge has not taken yet is no matter of this one.
local function markQueue(count)
  local counts = { count }
  for _, state in ipairs(purges.STATES) do
    local field = state .. '/' .. what
    append(counts, { math.max(0, (tonumber(call('HGET', P .. 'depth', field)) or 0) - purges.leavingOf(field)) })
  end
  purges.mark(operation, what, newest('made'), counts)
end

local function countAlive(running) return (tonumber(call('HGET', P .. 'alive', what)) or 0) - running - purges.leavingOf(what) end

local running = what == 'dead' and 0 or runningIn(what)
local count = math.max(0, what == 'dead' and countDead() or countAlive(running))
if operation == '' then return { count, running, now } end
if what == 'dead' then clearDead() else markQueue(count) end
call('HSET', key, 'what', what, 'upTo', newest(what == 'dead' and 'dead' or 'made'), 'count', count, 'running', running)
return { count, running, now }
