-- Says that a dispatcher is alive, and how many tasks it can run at once, or that it takes no more.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  token of the dispatcher
-- ARGV[3]  how many tasks it can run at once; 0 = it leaves
-- ARGV[4]  for how long that holds unless it is said again, milliseconds
-- Returns  how many tasks all dispatchers together can run at once

--@include context
local now = clock(ARGV[1])

local key = P .. 'fleet'
local alive, slots = {}, tonumber(ARGV[3])
if slots > 0 then alive = { ARGV[3], ms(now + tonumber(ARGV[4])) } end
-- Hash: token -> slots and until when.
local fleet, gone = call('HGETALL', key), { ARGV[2] }
for i = 1, #fleet, 2 do
  local each, till = string.match(fleet[i + 1], '^(%d+);(%d+)$')
  if fleet[i] ~= ARGV[2] then
    if tonumber(till) > now then slots = slots + tonumber(each) else gone[#gone + 1] = fleet[i] end
  end
end
call('HDEL', key, unpack(gone))
if alive[1] then call('HSET', key, ARGV[2], table.concat(alive, ';')) end
if slots > 0 then call('SET', P .. 'slots', slots) else call('DEL', P .. 'slots') end
return slots
