-- Purges a queue, or clears the dead letters: from now on what is in there is there for nobody. How much that is, is no matter.
--
-- Hash `purge:<operation>` has what a purge is of, up to where, and how many tasks that were.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  operation; a repeat changes nothing. '' = count only
-- ARGV[3]  gate of the queue, or `dead`: the dead letters
-- Returns  { how many tasks it takes, how many run and are not taken }

--@include context
--@include purges
--@include when-full
local now = clock(ARGV[1])
--@include positions

local operation, what = ARGV[2], ARGV[3]
local key = P .. 'purge:' .. operation
local before = operation ~= '' and call('HMGET', key, 'count', 'running') or {}
if before[1] then return { tonumber(before[1]), tonumber(before[2]) } end

local function newest(name) return call('GET', P .. name .. ':last') or newestIn(name) end

-- Looks at what runs, 1 µs each; no more of a lane than a fleet mostly has.
local MOST_RUNNING = 5000
local function runningIn(gate)
  local count = 0
  for _, lane in ipairs(LANES) do
    for _, id in ipairs(call('LRANGE', setKey(lane, 'active'), 0, MOST_RUNNING - 1)) do
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

-- Behind what was cleared before, up to the newest one.
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
  local last = { time = 0, n = 0 }
  for _, range in ipairs(purges.ranges()) do
    if range.time > last.time or (range.time == last.time and range.n > last.n) then last = range end
  end
  call('HSET', P .. 'cleared', operation, ms(last.time) .. '-' .. last.n .. ';' .. newest('dead'))
end

local running = what == 'dead' and 0 or runningIn(what)
local count = what == 'dead' and countDead() or (tonumber(call('HGET', P .. 'alive', what)) or 0) - running
if operation == '' then return { math.max(0, count), running } end
if what == 'dead' then
  clearDead()
else
  call('HSET', P .. 'purging', what, newest('made') .. ';' .. operation)
end
call('HSET', key, 'what', what, 'upTo', newest(what == 'dead' and 'dead' or 'made'), 'count', math.max(0, count), 'running', running)
return { math.max(0, count), running }
