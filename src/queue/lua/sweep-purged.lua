-- Removes some of what was purged for good.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  operation
-- ARGV[3]  how many
-- Returns  { how many were removed, 1 when there may be more, else 0 }

--@include context
--@include purges
--@include when-full
local now = clock(ARGV[1])
--@include alive
--@include positions
--@include made
--@include dead

local operation, most = ARGV[2], tonumber(ARGV[3])
local purge = call('HMGET', P .. 'purge:' .. operation, 'what', 'upTo')
-- From here on there is no way back.
if purge[1] then call('HSET', P .. 'purge:' .. operation, 'swept', 1) end

local function byLane(members)
  local lists = {}
  for _, member in ipairs(members) do
    local lane, id = string.match(member, '^(%a+):(.+)$')
    lists[lane] = lists[lane] or {}
    table.insert(lists[lane], id)
  end
  return lists
end

local function remove(members, areDead)
  for lane, ids in pairs(byLane(members)) do
    local keys, names = {}, {}
    for _, id in ipairs(ids) do
      append(keys, { jobKey(lane, id), jobKey(lane, id) .. ':logs' })
      names[#names + 1] = lane .. ':' .. id
    end
    forgetMade(lane, ids)
    if areDead then
      unbury(lane, ids)
      call('ZREM', setKey(lane, 'failed'), unpack(ids))
      call('ZREM', P .. 'expiry', unpack(names))
    end
    call('UNLINK', unpack(keys))
  end
end

local function sweepQueue()
  local members = call('LPOP', P .. 'purged:' .. operation, most) or {}
  remove(members, false)
  return #members, call('LLEN', P .. 'purged:' .. operation) > 0
end

local function sweepDead()
  local entries, members, gone = {}, {}, {}
  for _, range in ipairs(purges.ranges()) do
    if range.operation == operation and #entries < most then
      local from, to = ms(range.from.time) .. '-' .. range.from.n + 1, ms(range.time) .. '-' .. range.n
      append(entries, call('XRANGE', P .. 'dead', from, to, 'COUNT', most - #entries))
    end
  end
  for _, entry in ipairs(entries) do
    local lane, id = LANE_OF[string.sub(entry[2][2], 1, 1)], string.sub(entry[2][2], 2)
    -- It may have died again since, or have been removed behind our back.
    if call('HGET', jobKey(lane, id), 'died') == entry[1] then
      members[#members + 1] = lane .. ':' .. id
    else
      gone[#gone + 1] = entry[1]
    end
  end
  remove(members, true)
  if #gone > 0 then strike(P .. 'dead', gone) end
  if #entries == most then return #members, true end
  call('HDEL', P .. 'cleared', operation)
  call('DEL', P .. 'cleared:' .. operation)
  return #members, false
end

local sweep = purge[1] == 'dead' and sweepDead or sweepQueue
local count, isMore = sweep()
flushAlive()
if not isMore then
  call('HDEL', P .. 'purged', operation)
  call('DEL', P .. 'purge:' .. operation)
end
return { count, isMore and 1 or 0 }
