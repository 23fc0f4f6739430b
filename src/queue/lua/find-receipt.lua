-- What was answered to a request that is stored already.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  client
-- ARGV[3]  version of the client's record that the caller has seen
-- ARGV[4]  id of the task, when its caller chose it, or ''
-- ARGV[5]  idempotency key (hashed; '' = none)
-- ARGV[6]  fingerprint of the request
-- ARGV[7]  requests per second of a principal; 0 = any number
-- ARGV[8]  principal who pays for the request ('' = nobody)
-- Returns  '' when it is not stored; else as add-tasks.lua, without a quota

--@include context
--@include purges
local now = clock(ARGV[1])
--@include alive
--@include admission
--@include receipts
--@include token-bucket

-- Something has to be written: a replica is waited for as far as this connection has written.
call('SET', P .. 'asked', ms(now), 'PX', '60000')
local client = 'c:' .. ARGV[2]
loadRules({ client }, {})
if rulesOf[client].version ~= ARGV[3] then return 'stale' end
if ARGV[7] ~= '0' and ARGV[8] ~= '' then
  loadBuckets({ ARGV[8] }, tonumber(ARGV[7]))
  local wait = takeTokens(ARGV[8], 1)
  if wait then return 'throttled;' .. ms(wait) end
  flushTokens()
end
if not rulesOf[client].isEnabled then return 'disabled' end
if ARGV[5] ~= '' then
  loadReceipts({ ARGV[5] })
  local receipt, isSame = findReceipt(ARGV[5], ARGV[6])
  if receipt then return isSame and 'kept;\n' .. receipt or 'conflict' end
end
local data = ARGV[4] ~= '' and storedData(ARGV[4])
return data and 'stored;\n' .. data or ''
