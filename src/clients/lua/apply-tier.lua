-- Gives some of the clients of a tier that was changed its limits, those that come next: whoever calls until it says
-- that none is left goes on where another one stopped.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  name of the tier
-- ARGV[3]  its limits (JSON) unless they were changed
-- ARGV[4]  how many clients at most
-- Returns  1 when some are left, 0 when all have the limits

--@include context
--@include purges
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include alive
--@include places
--@include limit-gate
--@include client-record

local name, most = ARGV[2], tonumber(ARGV[4])
local pending = P .. 'tiers:pending'

-- What a higher limit lets in is let in by the dispatchers, some at a time: doing that here for all of the clients would
-- hold Redis.
local function apply(id, tier)
  local client = cjson.decode(call('HGET', P .. 'clients', id))
  local limits, gate = clientGate(client, tier), 'c:' .. id
  call('HSET', P .. 'admission', id, admission(newVersion(), client, tier))
  if limits == '' then
    call('HDEL', P .. 'gates', gate)
  else
    call('HSET', P .. 'gates', gate, limits)
  end
  if call('EXISTS', P .. 'park:' .. gate) == 1 then wakeAt(gate, now) end
end

local last = call('HGET', pending, name)
if not last then return 0 end
local tier = tierLimits(name, ARGV[3])
local ids = call('ZRANGEBYLEX', P .. 'tiers:clients:' .. name, last == '' and '-' or '(' .. last, '+', 'LIMIT', 0, most)
for _, id in ipairs(ids) do apply(id, tier) end
wakeForSoonest()
if #ids < most then
  call('HDEL', pending, name)
  return 0
end
call('HSET', pending, name, ids[#ids])
return 1
