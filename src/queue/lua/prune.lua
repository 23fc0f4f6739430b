-- Removes finished tasks whose time is up, then the oldest completed ones while the history is too large. With nothing
-- to remove it counts a piece of the history again.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  how many tasks at most
-- ARGV[3]  how many bytes the history may have; 0 = any number
-- Returns  { tasks whose time was up, tasks that were too much, 1 when there may be more to remove, else 0 }

--@include context
--@include purges
--@include when-full
local now = clock(ARGV[1])
--@include history
--@include recount
--@include alive
--@include positions
--@include made
--@include dead
local most, mostBytes = tonumber(ARGV[2]), tonumber(ARGV[3])

-- Removes tasks of one lane from the set of its finished tasks that they are in; from `expiry` the caller does.
local function remove(lane, set, ids)
  if #ids == 0 then return end
  local keys = {}
  for i, id in ipairs(ids) do
    local key = jobKey(lane, id)
    keys[2 * i - 1], keys[2 * i] = key, key .. ':logs'
  end
  forgetMade(lane, ids)
  if set == 'failed' then unbury(lane, ids) end
  call('ZREM', setKey(lane, set), unpack(ids))
  call('UNLINK', unpack(keys))
end

-- Which of some tasks of a lane are in a set of it, and which are not.
local function split(lane, set, ids)
  local inside, outside = {}, {}
  if #ids == 0 then return inside, outside end
  for i, score in ipairs(call('ZMSCORE', setKey(lane, set), unpack(ids))) do
    if score then inside[#inside + 1] = ids[i] else outside[#outside + 1] = ids[i] end
  end
  return inside, outside
end

local function removeExpired()
  local members = call('ZRANGEBYSCORE', P .. 'expiry', '-inf', now, 'LIMIT', 0, most)
  if #members == 0 then return 0 end
  local byLane = {}
  for _, member in ipairs(members) do
    local lane, id = string.match(member, '^(%a+):(.+)$')
    byLane[lane] = byLane[lane] or {}
    table.insert(byLane[lane], id)
  end
  for lane, ids in pairs(byLane) do
    local completed, others = split(lane, 'completed', ids)
    -- One that is in neither was retried meanwhile and is alive again, or is gone.
    local dead, sizes = split(lane, 'failed', others), {}
    for i, id in ipairs(completed) do sizes[i] = stored(lane, id, indexOf(lane, id)[5]) end
    if #completed > 0 then shrink(lane, completed, sizes) end
    remove(lane, 'completed', completed)
    remove(lane, 'failed', dead)
  end
  -- Nobody else has come between.
  call('ZREMRANGEBYRANK', P .. 'expiry', 0, #members - 1)
  return #members
end

-- Gives the completed tasks of all lanes one by one, the oldest first.
local function oldestFirst(atMost)
  local heads = {}
  for _, lane in ipairs(LANES) do
    heads[lane] = { at = 1, entries = call('ZRANGE', setKey(lane, 'completed'), 0, atMost - 1, 'WITHSCORES') }
  end
  return function()
    local oldest, ended
    for _, lane in ipairs(LANES) do
      local at = tonumber(heads[lane].entries[heads[lane].at + 1])
      if at and (not ended or at < ended) then oldest, ended = lane, at end
    end
    if not oldest then return nil end
    local head = heads[oldest]
    head.at = head.at + 2
    return oldest, head.entries[head.at - 2]
  end
end

local function evict(atMost)
  local bytes = historyBytes()
  if mostBytes == 0 or bytes <= mostBytes or atMost <= 0 then return 0, bytes end
  -- A little more than has to be, or the next task that ends would be too much again.
  local enough, count, ids, sizes = mostBytes * 0.95, 0, {}, {}
  local nextOldest = oldestFirst(atMost)
  while count < atMost and bytes > enough do
    local lane, id = nextOldest()
    if not lane then break end
    ids[lane], sizes[lane] = ids[lane] or {}, sizes[lane] or {}
    table.insert(ids[lane], id)
    table.insert(sizes[lane], stored(lane, id, indexOf(lane, id)[5]))
    bytes = bytes - sizes[lane][#sizes[lane]]
    count = count + 1
  end
  for lane in pairs(ids) do
    shrink(lane, ids[lane], sizes[lane])
    remove(lane, 'completed', ids[lane])
    for i, id in ipairs(ids[lane]) do ids[lane][i] = lane .. ':' .. id end
    call('ZREM', P .. 'expiry', unpack(ids[lane]))
    call('HINCRBY', P .. 'history', 'evicted:' .. lane, #ids[lane])
  end
  return count, bytes
end

local expired = removeExpired()
local evicted, bytes = evict(most - expired)
if expired + evicted == 0 then recountSome(most) end
flushAlive()
local isLeft = expired >= most or (evicted > 0 and bytes > mostBytes)
return { expired, evicted, isLeft and 1 or 0 }
