-- What dead letters died of: groups of those that died of the same at the same host.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, of no use here
-- Returns  six values for each group: fingerprint, <host>\n<what they died of>, how many, when the first and the last of
--          these died in Unix ms, id of the last

--@include context
--@include purges

local function numbers(entry)
  local time, n = string.match(entry[1], '^(%d+)-(%d+)$')
  return tonumber(time), tonumber(n)
end

local function position(at, by) return ms(at.time) .. '-' .. at.n + by end

-- The first one that is not hidden, or the last: there are no more ranges of hidden ones than clearings, and they do not
-- overlap.
local function visible(command, key, from, to, behind)
  while true do
    local entry = call(command, key, from, to, 'COUNT', 1)[1]
    local range = entry and purges.clearedAt(numbers(entry))
    if not range then return entry end
    from = behind(range)
  end
end

local function afterRange(range) return position(range, 1) end
local function beforeRange(range) return position(range.from, 0) end

local groups, told, hidden = call('HGETALL', P .. 'dead:groups'), {}, purges.hiddenCounts()
for i = 1, #groups, 2 do
  local key = P .. 'dead:' .. groups[i]
  local first = visible('XRANGE', key, '-', '+', afterRange)
  if first then
    local last = visible('XREVRANGE', key, '+', '-', beforeRange)
    local count = call('XLEN', key) - (hidden[groups[i]] or 0)
    append(told, { groups[i], groups[i + 1], count, (numbers(first)), (numbers(last)), string.sub(last[2][2], 2) })
  end
end
return told
