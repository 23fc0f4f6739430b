-- What dead letters died of: groups of those that died of the same at the same host.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, of no use here
-- Returns  six values for each group: fingerprint, <host>\n<what they died of>, how many, when the first and the last of
--          these died in Unix ms, id of the last

--@include context

local function timeOf(entry) return string.match(entry[1], '^%d+') end

local groups, told = call('HGETALL', P .. 'dead:groups'), {}
for i = 1, #groups, 2 do
  local key = P .. 'dead:' .. groups[i]
  local first, last = call('XRANGE', key, '-', '+', 'COUNT', 1)[1], call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  if first then
    append(told, { groups[i], groups[i + 1], call('XLEN', key), timeOf(first), timeOf(last), string.sub(last[2][2], 2) })
  end
end
return told
