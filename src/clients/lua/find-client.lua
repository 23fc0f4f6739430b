-- A client as it stands, all of it at one moment.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  client id
-- Returns  { record (JSON), limits of its tier (JSON) or '' when they are as built in, version }; nothing when there is
--          no such client

local P, call = KEYS[1], redis.call
local record = call('HGET', P .. 'clients', ARGV[1])
if not record then return false end
local tier = call('HGET', P .. 'tiers', cjson.decode(record).tier) or ''
return { record, tier, string.match(call('HGET', P .. 'admission', ARGV[1]) or '0', '^[^;]*') }
