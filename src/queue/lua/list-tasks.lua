-- One piece of the list of tasks, newest first: looks at some, and tells those that fit as far as can be said here. The
-- caller looks again at labels and texts, which are searched in JSON as it is stored.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  how many to look at
-- ARGV[3]  how many to tell
-- ARGV[4]  position to go on behind; '' = from the newest on
-- ARGV[5], ARGV[6]  after and before which they were created, Unix milliseconds, '' = at any time
-- ARGV[7]  client, '' = all; in the same way ARGV[8] state (or several, `,` between), ARGV[9] queue, ARGV[10] host (an origin, or what follows
--          its scheme, with or without the port), ARGV[11] type
-- ARGV[12] what the last error has to have in it: JSON without its quotes, ASCII letters in lower case; '' = anything
-- ARGV[13] of dead letters, in the order in which they died: their fingerprint, `*` = all; '' = of all tasks
-- ARGV[14], ARGV[15], ...  what the data has to have in it: JSON
-- Returns  { where to go on or '' when there are no more, how many were looked at, when the first and the last of these
--          were stored, or died, in Unix ms or '', tasks }
--          tasks: { id, state, when it is due next in Unix ms or '', what FIELDS has, newest attempt }

--@include context
--@include purges
local now = clock(ARGV[1])
--@include state
--@include positions
--@include made

local FIELDS = { 'data', 'atm', 'kept', 'finishedOn', 'failedReason', 'gates', 'timestamp', 'due', 'expires', 'fp' }
-- A set of so few is read as a whole: that finds what is rare. What is in larger ones is not.
local FEW = 1000
-- What is read of data and attempts at once: some milliseconds for those who search in it, also on a busy machine.
local MOST_BYTES = 1048576

-- Tasks are found by when the store took them, and asked for by when the API did.
local MOST_LATE = 1000
local after, before = tonumber(ARGV[5]) or -math.huge, tonumber(ARGV[6]) or math.huge

local most, mostHits, behind = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local client, state, queue, host, kind, text = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local dead = ARGV[13]
local states = {}
for each in string.gmatch(state, '[^,]+') do states[each] = true end

-- Where all tasks of a state are, if they are in a set that others are not in too often.
local SETS = {
  running = 'active', dead_letter = 'failed', completed = 'completed', cancelled = 'completed', expired = 'completed',
  scheduled = 'delayed', retrying = 'delayed', deferred = 'delayed',
}

local function isList(set) return set == 'active' end

local function count(set)
  local total = 0
  for _, lane in ipairs(LANES) do total = total + call(isList(set) and 'LLEN' or 'ZCARD', setKey(lane, set)) end
  return total
end

local function numbers(position)
  local time, n = string.match(position, '^(%d+)%D(%d+)$')
  return tonumber(time), tonumber(n)
end

local function isOlder(time, n, thanTime, thanN) return time < thanTime or (time == thanTime and n < thanN) end

-- Position, lane and id of all in a set that are in question, newest first.
local function ofSet(set)
  local entries = {}
  local toTime, toN = numbers(behind)
  for _, lane in ipairs(LANES) do
    for _, id in ipairs(call(isList(set) and 'LRANGE' or 'ZRANGE', setKey(lane, set), 0, -1)) do
      local time, n = numbers(call('HGET', jobKey(lane, id), 'timestamp') or '')
      if time and time >= after - MOST_LATE and time <= before + MOST_LATE and (not toTime or isOlder(time, n, toTime, toN)) then
        entries[#entries + 1] = { time = time, n = n, lane = lane, id = id }
      end
    end
  end
  table.sort(entries, function(one, other) return isOlder(other.time, other.n, one.time, one.n) end)
  for i = most + 1, #entries do entries[i] = nil end
  return entries
end

local function streamKey()
  if dead == '*' then return P .. 'dead' end
  if dead ~= '' then return P .. 'dead:' .. dead end
  return client == '' and P .. 'made' or madeOf(client)
end

local function ofStream()
  local till, from = '+', '-'
  if dead == '' and before < math.huge then till = ms(math.max(0, before + MOST_LATE)) end
  if dead == '' and after > MOST_LATE then from = ms(after - MOST_LATE) end
  if behind ~= '' then till = '(' .. behind end
  local entries = call('XREVRANGE', streamKey(), till, from, 'COUNT', most)
  for i, entry in ipairs(entries) do
    local time, n = numbers(entry[1])
    local member = entry[2][2]
    entries[i] = { time = time, n = n, lane = LANE_OF[string.sub(member, 1, 1)], id = string.sub(member, 2) }
  end
  return entries
end

local bytes = 0
local function read(key, field)
  local value = call('HGET', key, field) or ''
  bytes = bytes + #value
  return value
end

-- `kept`: the field of that name.
local function newestAttempt(key, kept)
  local made = tonumber(string.match(kept or '', '^%d+')) or 0
  return made > 0 and read(key, 'a:' .. made - 1) or ''
end

local function isHost(gates)
  local origin = string.match(gates, '\nh:(.*)$') or ''
  local rest = string.match(origin, '^%a+://(.*)$') or ''
  return host == origin or host == rest or host == string.gsub(rest, ':%d+$', '')
end

local function hasGates(key)
  if client .. queue .. host == '' then return true end
  local gates = '\n' .. (call('HGET', key, 'gates') or '') .. '\n'
  local function has(gate) return string.find(gates, '\n' .. gate .. '\n', 1, true) end
  return (client == '' or has('c:' .. client)) and (queue == '' or has('q:' .. queue))
    and (host == '' or isHost(string.sub(gates, 1, -2)))
end

local function hasTexts(key)
  if text ~= '' then
    local attempt = newestAttempt(key, call('HGET', key, 'kept'))
    local status = string.match(attempt, '"status":(%d+)') or ''
    local last = table.concat({ call('HGET', key, 'failedReason') or '', 'http ' .. status, attempt }, '\n')
    if not string.find(string.lower(last), text, 1, true) then return false end
  end
  if #ARGV < 14 then return true end
  local data = read(key, 'data')
  for i = 14, #ARGV do
    if not string.find(data, ARGV[i], 1, true) then return false end
  end
  return true
end

-- In a JSON text quotes have a backslash in front of them: no body and no header is taken for it.
local function isInTime(key, stored)
  if after == -math.huge and before == math.huge then return true end
  if dead == '' and stored - MOST_LATE > after and stored + MOST_LATE < before then return true end
  local created = tonumber(string.match(read(key, 'data'), '"createdAt":(%d+)'))
  return created and created > after and created < before
end

local function fits(lane, id, stored)
  local key = jobKey(lane, id)
  if not isInTime(key, stored) or not hasGates(key) or (kind ~= '' and call('HGET', key, 'name') ~= kind) then return false end
  local is, due = stateOf(lane, id)
  return (state == '' or states[is]) and hasTexts(key), is, due
end

local function told(lane, id, is, due)
  local key = jobKey(lane, id)
  local values = call('HMGET', key, unpack(FIELDS))
  bytes = bytes + #(values[1] or '')
  values[#FIELDS + 1] = newestAttempt(key, values[3])
  return { id, is, due or '', values }
end

local set = dead == '' and SETS[state]
local entries = set and count(set) <= FEW and ofSet(set) or ofStream()
local hits, last, gone, hidden = {}, 0, {}, nil
for i, entry in ipairs(entries) do
  hidden = dead ~= '' and purges.clearedAt(entry.time, entry.n)
  if hidden or #hits >= mostHits or bytes >= MOST_BYTES then break end
  last = i
  if call('EXISTS', jobKey(entry.lane, entry.id)) == 0 then
    gone[#gone + 1] = ms(entry.time) .. '-' .. entry.n
  elseif not purges.isHidden(entry.lane, entry.id) then
    local doesFit, is, due = fits(entry.lane, entry.id, entry.time)
    if doesFit then hits[#hits + 1] = told(entry.lane, entry.id, is, due) end
  end
end
-- Removed behind our back: whoever comes by takes them out.
if #gone > 0 then
  if dead == '' then strike(P .. 'made', gone) end
  if streamKey() ~= P .. 'made' then strike(streamKey(), gone) end
end
-- All behind a hidden one, to where they begin, are hidden with it.
local beyond = hidden and ms(hidden.from.time) .. '-' .. hidden.from.n + 1
if last == 0 then return { beyond or '', 0, '', '', hits } end
local isEnd = last == #entries and #entries < most
local oldest = entries[last]
local onward = beyond or (isEnd and '' or ms(oldest.time) .. '-' .. oldest.n)
return { onward, last, ms(entries[1].time), ms(oldest.time), hits }
