-- What was answered to requests with an idempotency key. Needs context.lua.
--
-- Key `receipt:<hash of the client and its key>` has for 24 hours
--   <fingerprint of the request>;<due in Unix ms, as the request said>;<queue>;<id of the task>
-- It says all that the answer says, so that a replay is answered whatever has become of the task.

local KEPT_FOR = 86400000

-- By key: the receipt, and those that this script adds.
local receipts, newReceipts = {}, {}

local function loadReceipts(keys)
  inPieces(keys, UNPACK, function(from, to)
    local names = {}
    for i = from, to do names[#names + 1] = P .. 'receipt:' .. keys[i] end
    for i, text in ipairs(call('MGET', unpack(names))) do receipts[keys[from + i - 1]] = text end
  end)
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
