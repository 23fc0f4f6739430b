-- Records how far an operation is, and hears what is wanted of it.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- ARGV[3]  who works on it
-- ARGV[4]  `go`: it goes on, and nobody else takes it for ARGV[5] milliseconds; `wait`: it is to be taken up again after ARGV[5]
--          milliseconds, `until`: at ARGV[5], Unix milliseconds, both at once when something is wanted of it; `end`: it is over,
--          and is kept for ARGV[5] milliseconds
-- ARGV[6]  how many of the pairs that follow are to be set; the others are to be added
-- ARGV[7], ARGV[8], and on in pairs: field, and what to set it to or to add to it
-- Returns  `lost` when another one works on it, and nothing was recorded; else what is wanted of it: `cancel`, `undo` or ''

--@include context
--@include when-full
local now = clock(ARGV[1])

local key, due, how = P .. 'operation:' .. ARGV[2], P .. 'operations:due', ARGV[4]
local till = how == 'until' and tonumber(ARGV[5]) or now + tonumber(ARGV[5])
local isLeft = how == 'wait' or how == 'until'
if call('HGET', key, 'holder') ~= ARGV[3] then return 'lost' end
local sets = tonumber(ARGV[6])
for i = 7, #ARGV, 2 do
  if (i - 7) / 2 < sets then
    call('HSET', key, ARGV[i], ARGV[i + 1])
  else
    call('HINCRBY', key, ARGV[i], ARGV[i + 1])
  end
end
local wanted = call('HGET', key, 'wanted') or ''
if how == 'end' then
  call('ZREM', due, ARGV[2])
  call('HSET', key, 'holder', '', 'endedAt', ms(now))
  call('PEXPIRE', key, ARGV[5])
else
  if isLeft then call('HSET', key, 'holder', '') end
  call('ZADD', due, ms(isLeft and wanted ~= '' and now or till), ARGV[2])
end
return wanted
