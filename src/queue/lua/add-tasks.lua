-- Stores tasks, unless something speaks against it: each is due now and waits in its lane, is held by a gate and parked,
-- or is due later. What is refused leaves nothing behind but a token that its principal has spent.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  how long a gate may hold a task after it was due, milliseconds
-- ARGV[3]  who sends; sends one batch at a time
-- ARGV[4]  number of this batch, one higher than that of the last: a repeat (its reply was lost) stores nothing twice
-- ARGV[5]  how many tasks may be alive at once, that is, have not ended; 0 = any number
-- ARGV[6]  1 when memory is short: only what is stored already is answered
-- ARGV[7]  requests per second of a principal; 0 = any number
-- ARGV[8]  1 = all of these tasks or none
-- ARGV[9]  how many tasks follow; 15 values each:
--          id, 1 when somebody chose the id who may choose it again, lane, gates ('\n' between), created and due in
--          Unix ms by the clock of the caller, expiry in Unix ms or '', data (JSON), opts (JSON of BullMQ), version of the
--          client's record that the caller has seen ('' = nothing of the client is asked), principal who pays for the
--          request ('' = nobody), idempotency key (hashed; '' = none), fingerprint of the request, type, what its callbacks are
--          made of (JSON; '' = nobody wants to hear of its end)
-- Returns  for each task, in order, one text; <quota> is as include/sliding-window.lua writes it, '' without a limit:
--          added;<quota>                 it is stored
--          stored;<quota>\n<data>        a task that is stored already has its id
--          kept;<quota>\n<receipt>       its idempotency key was used before, see include/receipts.lua
--          stale | disabled | conflict   the version is another one; the client is not enabled; the key was used for
--                                        another request
--          full;memory|tasks|client|queue   no room
--          limited;<quota>               the client has used up its requests per minute; with ARGV[8] 1, it has not enough
--                                        left for all of these tasks, and the quota says when it has
--          throttled;<ms>                the principal has no token for so long
--          skipped                       nothing against it, but something against another one, and ARGV[8] is 1

--@include context
--@include purges
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include alive
--@include places
--@include sliding-window
--@include token-bucket
--@include admission
--@include receipts
--@include positions
--@include made

-- Random ids exist only when their batch is sent again. Nobody waits that long for a reply.
local REPLY_MAY_BE_LOST = '600000'
-- The values of a task are ARGV[at + AT.id], ARGV[at + AT.isChosen], ... In one table: each local that a function uses
-- costs something whenever the script is called.
local FIRST, VALUES = 9, 15
local AT = {
  id = 1, isChosen = 2, lane = 3, gates = 4, created = 5, due = 6, expires = 7, data = 8, opts = 9, version = 10,
  principal = 11, key = 12, fingerprint = 13, type = 14, callbacks = 15,
}

local count, isAllOrNone = tonumber(ARGV[9]), ARGV[8] == '1'

local function isRepeat()
  return call('SET', P .. 'added:' .. ARGV[3], ARGV[4], 'PX', REPLY_MAY_BE_LOST, 'GET') == ARGV[4]
end

local isSentAgain, left = isRepeat(), roomLeft(tonumber(ARGV[5]))

-- Tasks that are to be stored: by id, where their values are. They are stored when all are judged.
local accepted, atOf = {}, {}

local function quotaOf(client, perMinute) return perMinute and quota(windowOf(client), perMinute) or '' end

-- The answer to a request that was accepted before.
local function replay(at, client, perMinute)
  local key, id = ARGV[at + AT.key], ARGV[at + AT.id]
  local receipt, isSame = findReceipt(key, ARGV[at + AT.fingerprint])
  if receipt and not isSame then return 'conflict' end
  if receipt then return 'kept;' .. quotaOf(client, perMinute) .. '\n' .. receipt end
  local data = atOf[id] and ARGV[atOf[id] + AT.data]
    or (isSentAgain or ARGV[at + AT.isChosen] == '1') and storedData(id)
  if not data then return nil end
  if key ~= '' then
    local isJson, task = pcall(cjson.decode, data)
    -- Something else may have written to it.
    if isJson and type(task) == 'table' and type(task.scheduledAt) == 'number' and task.queue then
      keepReceipt(key, ARGV[at + AT.fingerprint], ms(task.scheduledAt), tostring(task.queue), id)
    end
  end
  return 'stored;' .. quotaOf(client, perMinute) .. '\n' .. data
end

local function fullOf(queue, client)
  if ARGV[6] == '1' then return 'memory' end
  if left <= 0 then return 'tasks' end
  if isFull(client) then return 'client' end
  if isFull(queue) then return 'queue' end
end

-- Nothing is asked of the client of a task that comes from the product itself.
local NOTHING = {}

local function knownAs(at, client)
  local version = ARGV[at + AT.version]
  if version == '' then return NOTHING end
  local rules = rulesOf[client]
  if rules.version ~= version then return nil, 'stale' end
  local wait = ARGV[at + AT.principal] ~= '' and ARGV[7] ~= '0' and takeTokens(ARGV[at + AT.principal], 1)
  if wait then return nil, 'throttled;' .. ms(wait) end
  if not rules.isEnabled then return nil, 'disabled' end
  return rules
end

-- Of a batch that is all or none: by client, the ids of tasks that its limit has no room for.
local limitedOf = {}

local function limited(at, window, perMinute)
  local client = gatesOf(ARGV[at + AT.gates])[2]
  limitedOf[client] = limitedOf[client] or { count = 0, perMinute = perMinute }
  local ids, id = limitedOf[client], ARGV[at + AT.id]
  if not ids[id] then ids[id], ids.count = true, ids.count + 1 end
  return 'limited;' .. quota(window, perMinute, 1)
end

-- Accepts a task or says why not.
local function judge(at, ids)
  local queue, client = ids[1], ids[2]
  -- What this batch has stored is answered, whatever speaks against it by now: its caller would have it stored again.
  local stored = isSentAgain and replay(at, client, (rulesOf[client] or NOTHING).perMinute)
  if stored then return stored end
  local rules, refusal = knownAs(at, client)
  if not rules then return refusal end
  local perMinute = rules.perMinute
  local again = replay(at, client, perMinute)
  if again then return again end
  local what = fullOf(queue, rules ~= NOTHING and client)
  if what then return 'full;' .. what end
  if perMinute then
    local window = windowOf(client)
    if used(window) >= perMinute then return limited(at, window, perMinute) end
    window.added = window.added + 1
  end
  left = left - 1
  comes(ids)
  accepted[#accepted + 1] = at
  atOf[ARGV[at + AT.id]] = at
  if ARGV[at + AT.key] ~= '' then
    keepReceipt(ARGV[at + AT.key], ARGV[at + AT.fingerprint], ARGV[at + AT.due], string.sub(queue, 3), ARGV[at + AT.id])
  end
  return 'added;' .. quotaOf(client, perMinute)
end

-- `lists`: by lane, the lists of gates of the tasks that are due now.
local dueNow, lists = {}, {}

local function store(at)
  local lane, id, theirNow = ARGV[at + AT.lane], ARGV[at + AT.id], tonumber(ARGV[at + AT.created])
  local due, expires = byOurClock(tonumber(ARGV[at + AT.due]), theirNow), tonumber(ARGV[at + AT.expires])
  expires = expires and byOurClock(expires, theirNow)
  local gates = gatesOf(ARGV[at + AT.gates])
  local timestamp = enter(lane, id, gates[2] and string.sub(gates[2], 3), now)
  call('HSET', jobKey(lane, id), 'name', ARGV[at + AT.type], 'data', ARGV[at + AT.data], 'opts', ARGV[at + AT.opts], 'timestamp', timestamp,
    'delay', due > now and ms(due - now) or '0', 'priority', '0', 'gates', ARGV[at + AT.gates], 'due', ms(due))
  if expires then call('HSET', jobKey(lane, id), 'expires', ms(expires)) end
  if ARGV[at + AT.callbacks] ~= '' then call('HSET', jobKey(lane, id), 'cb', ARGV[at + AT.callbacks]) end
  if due > now then
    countIn('scheduled', gates, 1)
    delay(lane, id, due)
  else
    lists[lane] = lists[lane] or {}
    lists[lane][gates] = true
    dueNow[#dueNow + 1] = { at, due, expires }
  end
end

-- Adds a value to a list of different ones; '' is none.
local function addTo(list, value)
  if value == '' or list[value] then return end
  list[value] = true
  list[#list + 1] = value
end

local function loadAllRules()
  local clients, queues, keys, principals = {}, {}, {}, {}
  for i = 1, count do
    local at = FIRST + (i - 1) * VALUES
    local ids = gatesOf(ARGV[at + AT.gates])
    addTo(queues, ids[1])
    if ARGV[at + AT.version] ~= '' then addTo(clients, ids[2]) end
    addTo(principals, ARGV[at + AT.principal])
    addTo(keys, ARGV[at + AT.key])
  end
  loadRules(clients, queues)
  loadReceipts(keys)
  if ARGV[7] ~= '0' then loadBuckets(principals, tonumber(ARGV[7])) end
end

local IS_ACCEPTED = { added = true, stored = true, kept = true }
local function judgeAll()
  local results, isRefused = {}, false
  for i = 1, count do
    local at = FIRST + (i - 1) * VALUES
    results[i] = judge(at, gatesOf(ARGV[at + AT.gates]))
    if isAllOrNone then isRefused = isRefused or not IS_ACCEPTED[string.match(results[i], '^%a+')] end
  end
  return results, isRefused
end

-- The quota of a client of which no task was stored: there is to be room for all of them.
local function quotaOfNone(client)
  local window, ids = windowOf(client), limitedOf[client]
  local wanted = ids.count + window.added
  window.added = 0
  return quota(window, ids.perMinute, wanted)
end

local function nothingOfIt(results)
  local quotas = {}
  for client in pairs(limitedOf) do quotas[client] = quotaOfNone(client) end
  for i, result in ipairs(results) do
    if string.sub(result, 1, 6) == 'added;' then results[i] = 'skipped' end
    if string.sub(result, 1, 8) == 'limited;' then
      results[i] = 'limited;' .. quotas[gatesOf(ARGV[FIRST + (i - 1) * VALUES + AT.gates])[2]]
    end
  end
  return results
end

loadAllRules()
local results, isRefused = judgeAll()
flushTokens()
if isRefused then return nothingOfIt(results) end
for _, at in ipairs(accepted) do store(at) end
loadAll(lists)
for _, task in ipairs(dueNow) do
  local at = task[1]
  admit(ARGV[at + AT.lane], ARGV[at + AT.id], gatesOf(ARGV[at + AT.gates]), task[2], task[3], tonumber(ARGV[2]))
end
wakeForSoonest()
flushWaits()
flushGates()
flushAlive()
flushWindows()
flushReceipts()
flushPositions()
return results
