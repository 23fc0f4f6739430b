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
-- ARGV[9]  how many clients may have registered themselves
-- ARGV[10] which hosts its tasks may call (JSON); '' = all
-- ARGV[11] what its calls are signed with (JSON); '' = they are not
-- Returns  { 'kept', version from now on, limits of its tier (JSON) or '' when they are as built in }; { 'changed' } when the
--          client is another one by now; { 'no_tier' } when its tier does not exist; { 'has_tasks' } when it was to be
--          deleted and tasks of it are alive; { 'too_many' } when it is one too many of those that register themselves.
--          Of the last four, nothing was changed

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
--@include audit

-- So many are looked at to make room for one that registers.
local LOOKED_AT = 20

local maxAge, id, before, after = tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]

local function isRoom()
  local most = tonumber(ARGV[9])
  return call('ZCARD', P .. 'clients:seen') < most or (forgetIdle('+inf', 1, LOOKED_AT, maxAge)) > 0
end

local function keep(old, client, tier)
  local version = newVersion()
  if old then call('ZREM', tierIndex(old), id) end
  moveKeys(id, old, client)
  setCopy('destinations', id, ARGV[10])
  setCopy('signing', id, ARGV[11])
  call('HSET', P .. 'clients', id, after)
  call('ZADD', P .. 'clients:names', 0, id)
  call('ZADD', tierIndex(client), 0, id)
  if client.registeredBy == 'itself' then
    call('ZADD', P .. 'clients:seen', NOW, id)
  else
    call('ZREM', P .. 'clients:seen', id)
  end
  call('HSET', P .. 'admission', id, admission(version, client, tier))
  limitGate('c:' .. id, clientGate(client, tier), maxAge)
  return { 'kept', version, call('HGET', P .. 'tiers', client.tier) or '' }
end

local function remove(old)
  if hasTasks(id) then return { 'has_tasks' } end
  dropClient(id, old, maxAge)
  audit(ARGV[7], ARGV[8])
  return { 'kept', '0', '' }
end

if (call('HGET', P .. 'clients', id) or '') ~= before then return { 'changed' } end
local old = before ~= '' and cjson.decode(before)
if after == '' then return remove(old) end
local client = cjson.decode(after)
local tier = tierLimits(client.tier, ARGV[6])
if not tier then return { 'no_tier' } end
if client.registeredBy == 'itself' and not old and not isRoom() then return { 'too_many' } end
audit(ARGV[7], ARGV[8])
return keep(old, client, tier)
