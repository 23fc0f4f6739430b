-- Around a script whose repeat would find another world than the first run and say so: a key that is there already, a
-- task that is cancelled. The client sends a call again whose reply was lost; it is then answered as it was, and nothing
-- is done twice.
--
-- KEYS[2]  what this call is known by, `done:<drawn at random>`; has its reply (MessagePack) for half a minute. A call is
--          sent again within seconds, or given up.
local done = redis.call('GET', KEYS[2])
if done then return cmsgpack.unpack(done) end
local function script()
--@script
end
local reply = script()
-- A script that was refused may run when Redis is full, and this may not: its repeat is refused as well.
redis.pcall('SET', KEYS[2], cmsgpack.pack(reply), 'PX', 30000)
return reply
