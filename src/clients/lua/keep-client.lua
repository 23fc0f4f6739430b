-- Creates, replaces or deletes a client, with all that follows from it and a line in the audit log, in one step.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  how long a gate may hold a task after it was due, milliseconds
-- ARGV[3]  client id
-- ARGV[4]  the record as the caller has read it; '' = there was none
-- ARGV[5]  the record from now on; '' = none
-- ARGV[6]  limits of its tier (JSON) unless they were changed; '' when the tier is not built in
-- ARGV[7]  line for the audit log; '' = none
-- ARGV[8]  how many lines the audit log keeps, about
-- Returns  { 'kept', version from now on, limits of its tier (JSON) or '' when they are as built in }; { 'changed' } when the
--          client is another one by now; { 'no_tier' } when its tier does not exist; { 'has_tasks' } when it was to be
--          deleted and tasks of it are alive. Of the last three, nothing was changed

--@include context
local now = clock(ARGV[1])
--@include gates
--@include rooms
--@include places
--@include limit-gate
--@include client-record
--@include audit

local id, before, after = ARGV[3], ARGV[4], ARGV[5]
local names = P .. 'clients:names'

local function tierIndex(record) return P .. 'tiers:clients:' .. cjson.decode(record).tier end

local function forget()
  call('HDEL', P .. 'clients', id)
  call('ZREM', names, id)
  call('HDEL', P .. 'admission', id)
  limitGate('c:' .. id, '', tonumber(ARGV[2]))
  return { 'kept', '0', '' }
end

local function keep(client, tier)
  local version = newVersion()
  call('HSET', P .. 'clients', id, after)
  call('ZADD', names, 0, id)
  call('ZADD', tierIndex(after), 0, id)
  call('HSET', P .. 'admission', id, admission(version, client, tier))
  limitGate('c:' .. id, clientGate(client, tier), tonumber(ARGV[2]))
  return { 'kept', version, call('HGET', P .. 'tiers', client.tier) or '' }
end

if (call('HGET', P .. 'clients', id) or '') ~= before then return { 'changed' } end
local client = after ~= '' and cjson.decode(after)
local tier = client and tierLimits(client.tier, ARGV[6])
if client and not tier then return { 'no_tier' } end
if not client and call('HEXISTS', P .. 'alive', 'c:' .. id) == 1 then return { 'has_tasks' } end
if before ~= '' then call('ZREM', tierIndex(before), id) end
audit(ARGV[7], ARGV[8])
return client and keep(client, tier) or forget()
