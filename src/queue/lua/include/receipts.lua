-- What was answered to requests with an idempotency key. Needs context.lua.
--
-- Key `receipt:<hash of the client and its key>` has for 24 hours
--   <fingerprint of the request>;<due in Unix ms, as the request said>;<queue>;<id of the task>
-- It says all that the answer says, so that a replay is answered whatever has become of the task.

local KEPT_FOR = '86400000'

-- By key: the receipt, and those that this script adds.
local receipts, newReceipts = {}, {}

-- No more keys than unpack takes.
local function loadReceipts(keys)
  if #keys == 0 then return end
  local names = {}
  for i, key in ipairs(keys) do names[i] = P .. 'receipt:' .. key end
  for i, text in ipairs(call('MGET', unpack(names))) do receipts[keys[i]] = text end
end

-- The receipt of a key without the fingerprint, and whether it was for this request; nothing when the key is new.
local function findReceipt(key, fingerprint)
  local text = receipts[key]
  if not text then return nil end
  local of, receipt = string.match(text, '^([^;]*);(.*)$')
  return receipt, of == fingerprint
end

local function keepReceipt(key, fingerprint, due, queue, id)
  receipts[key] = fingerprint .. ';' .. due .. ';' .. queue .. ';' .. id
  newReceipts[key] = receipts[key]
end

local function flushReceipts()
  for key, text in pairs(newReceipts) do call('SET', P .. 'receipt:' .. key, text, 'PX', KEPT_FOR) end
end

-- The data of a task that is stored; nothing when there is none with this id.
local function storedData(id)
  if call('EXISTS', P .. 'critical:' .. id, P .. 'high:' .. id, P .. 'default:' .. id, P .. 'low:' .. id) == 0 then
    return nil
  end
  for _, lane in ipairs(LANES) do
    local data = call('HGET', jobKey(lane, id), 'data')
    if data then return data end
  end
end
