-- Removes finished tasks whose time is up.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  how many at most
-- Returns  how many were removed

--@include context
local now = clock(ARGV[1])

local members = call('ZRANGEBYSCORE', P .. 'expiry', '-inf', now, 'LIMIT', 0, tonumber(ARGV[2]))
for _, member in ipairs(members) do
  local lane, id = string.match(member, '^(%a+):(.+)$')
  -- One that was retried meanwhile is alive again.
  if call('HEXISTS', jobKey(lane, id), 'end') == 1 then
    call('ZREM', setKey(lane, 'completed'), id)
    call('ZREM', setKey(lane, 'failed'), id)
    call('UNLINK', jobKey(lane, id), jobKey(lane, id) .. ':logs')
  end
  call('ZREM', P .. 'expiry', member)
end
return #members
