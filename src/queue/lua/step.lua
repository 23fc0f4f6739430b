-- One turn of a dispatcher: settles what has finished, lets in what that frees and what is due, and fetches what goes
-- next, in one round trip.
--
-- KEYS[1]   prefix of all keys
-- ARGV[1]   now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]   token of the dispatcher: the value of its tasks' locks
-- ARGV[3]   id of this request: a repeat (its reply was lost) changes nothing and gets the same tasks again
-- ARGV[4]   lock, milliseconds
-- ARGV[5]   how many tasks to fetch at most
-- ARGV[6]   'weighted' or 'strict'
-- ARGV[7]   how long a gate may hold a task after it was due, milliseconds
-- ARGV[8]   how long tasks are kept that have ended and are no dead letters, milliseconds
-- ARGV[9]   how long dead letters are kept, milliseconds; '' = for ever. A queue may say both otherwise
-- ARGV[10..13]  virtual time of each lane; ARGV[14..17] what a start adds to it (expected time / weight)
-- ARGV[18]  when circuits open and close: <failures in a row, 0 = never>;<interval>;<timeout>;<longest timeout>;
--           <max requests>;<ramp step>, times in ms
-- ARGV[19]  how many settlements follow; 17 values each:
--           lane, id, kind (completed | retry | dead_letter | hand_back = it goes first | ask_again = its gates
--           decide | cancelled | expired), attempts made so far,
--           attempt (JSON), its place, which attempts are kept with it, delay of a retry in ms or '',
--           reason or '', bytes of the data and the attempts, places of attempts that are not kept any more, how
--           often it was begun, when the attempt began in Unix ms, gates as they were fetched, what it says of its host:
--           '' (nothing), s (success), or <s = success | f = failure | n = nothing>;<ms for which the host is to be left
--           alone or ''>;<the same by this client>;<of a probe the start of its window>;<note>; of a dead letter, and of one
--           that was one before, what it dies of, without what differs from one to the next; 1 when somebody wants to
--           hear of its end, else ''
-- Returns   { milliseconds until the next task is due or -1, fetched, lost, cancelled, waiting, history, changes, probes,
--           endings, now }
--           fetched: 8 values for each task: lane, id, data, attempts made, which attempts are kept, due, when it was
--           retried by hand or '', behind a `!` when it has one attempt only, gates ('\n' between)
--           lost: ids whose lock was not ours any more; what they came to is not recorded here
--           cancelled: ids of running tasks of this dispatcher that have to be aborted
--           waiting: tasks in `wait` of each lane afterwards, none of a paused one
--           history: bytes of the completed history, or 0 when nothing has ended here
--           changes: of circuits, 4 values for each: host, state that it has come into (open | half_open | closed), until
--           when it is open in Unix ms or '', note
--           probes: of the fetched tasks that are probes 2 values for each: id, start of its half-open window, Unix ms
--           endings: of tasks that ended without an attempt, and of those that have come to another end than was settled, 4
--           values for each: id, end, reason, gates
--           now: Unix milliseconds, by which a dispatcher reckons when its attempts began

--@include context
--@include purges
--@include when-full
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include alive
--@include places
--@include history
--@include positions
--@include dead
--@include callbacks
--@include finish

local request = ARGV[3]
local limits = {
  token = ARGV[2],
  lock = ARGV[4],
  maxAge = tonumber(ARGV[7]),
  completedFor = tonumber(ARGV[8]),
  deadFor = tonumber(ARGV[9]),
  isStrict = ARGV[6] == 'strict',
}
local breaker = ARGV[18]
-- Probes that are out for longer are not waited for.
limits.probeWindow = tonumber(string.match(breaker, '^%d+;%d+;(%d+)'))
--@include judge
--@include settle
--@include fetch
local replyKey, cancelKey = P .. 'reply:' .. limits.token, P .. 'cancel:' .. limits.token

-- Bounds that keep a turn at some milliseconds of Redis.
local MOST_DUE, MOST_WAKES, MOST_RELEASED = 200, 20, 200

-- The earliest times that were there before this turn added any, by key of their set.
local heads = {}
local function readHead(key, timeOf)
  local score = call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
  heads[key] = score and timeOf(score) or math.huge
  return heads[key]
end

local function readHeads()
  readHead(P .. 'wakes', tonumber)
  for _, lane in ipairs(LANES) do readHead(setKey(lane, 'delayed'), delayedTime) end
end

local function untilNextDue()
  local earliest = soonest
  for _, head in pairs(heads) do earliest = math.min(earliest, head) end
  return earliest < math.huge and math.max(0, earliest - now) or -1
end

local function waiting()
  local all = {}
  for i, lane in ipairs(LANES) do all[i] = fetchable(lane) end
  return all
end

-- What the lost reply said: members of the tasks that were fetched, behind a `!` ids of those to be aborted, behind a `%`
-- ids of those that were lost, behind a `@` changes of circuits, and behind a `#` endings, all of them, as JSON.
local probesOfReply = {}
local function replyAgain(before)
  local cancelled, lost = {}, {}
  for entry in string.gmatch(before, '[^\n]+') do
    local lane, id, probeOf = string.match(entry, '^(%a+):([^\t]+)\t?(%d*)$')
    if not lane then
      local kind, text = string.sub(entry, 1, 1), string.sub(entry, 2)
      if kind == '!' then
        cancelled[#cancelled + 1] = text
      elseif kind == '%' then
        lost[#lost + 1] = text
      elseif kind == '#' then
        append(endings, cjson.decode(text))
      else
        append(changes, { string.match(text, '^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$') })
      end
    elseif call('GET', jobKey(lane, id) .. ':lock') == limits.token then
      local job = call('HMGET', jobKey(lane, id), 'data', 'atm', 'kept', 'due', 'since', 'gates', 'once')
      append(fetched, { lane, id, job[1], job[2] or '0', job[3] or '0', job[4] or '' })
      fetched[#fetched + 1] = (job[5] or '') .. (job[7] and '!' or '')
      fetched[#fetched + 1] = job[6] or ''
      if probeOf ~= '' then append(probesOfReply, { id, probeOf }) end
    end
  end
  return cancelled, lost
end

local function takeCancelled()
  local ids = call('SMEMBERS', cancelKey)
  if #ids > 0 then call('DEL', cancelKey) end
  return ids
end

local function wakeGates()
  local key = P .. 'wakes'
  if heads[key] > now then return end
  local wakes = call('ZRANGEBYSCORE', key, '-inf', NOW, 'LIMIT', 0, MOST_WAKES)
  if #wakes > 0 then call('ZREM', key, unpack(wakes)) end
  for _, gate in ipairs(wakes) do touched[gate] = true end
  readHead(key, tonumber)
end

local function promoteDueOf(lane)
  local key = setKey(lane, 'delayed')
  local due = call('ZRANGEBYSCORE', key, '-inf', '(' .. delayedScore(now + 1), 'WITHSCORES', 'LIMIT', 0, MOST_DUE)
  local ids = {}
  for i = 1, #due, 2 do ids[#ids + 1] = due[i] end
  if #ids > 0 then call('ZREM', key, unpack(ids)) end
  for i, id in ipairs(ids) do promote(lane, id, isParked(due[2 * i]), limits) end
  readHead(key, delayedTime)
end

local function promoteDue()
  for _, lane in ipairs(LANES) do
    if heads[setKey(lane, 'delayed')] <= now then promoteDueOf(lane) end
  end
end

local function letIn()
  releaseTouched(MOST_RELEASED, limits.maxAge)
  flushWaits()
end

local last = call('GET', replyKey)
if last and string.match(last, '^[^\n]*') == request then
  local cancelled, lost = replyAgain(string.sub(last, #request + 1))
  readHeads()
  return { untilNextDue(), fetched, lost, cancelled, waiting(), 0, changes, probesOfReply, endings, NOW }
end
local lost = settleAll(19, tonumber(ARGV[19]))
readHeads()
wakeGates()
promoteDue()
letIn()
fetch(tonumber(ARGV[5]), { unpack(ARGV, 10, 13) }, { unpack(ARGV, 14, 17) })
-- What was fetched has left its place in `wait`: gates that are limited by that alone let the next ones in.
letIn()
flushGates()
flushAlive()
local history = flushHistory()
local cancelled = takeCancelled()
for i, member in ipairs(members) do
  if probes[member] then
    append(probesOfReply, { string.match(member, ':(.+)$'), probes[member] })
    members[i] = member .. '\t' .. probes[member]
  end
end
for _, id in ipairs(cancelled) do members[#members + 1] = '!' .. id end
for _, id in ipairs(lost) do members[#members + 1] = '%' .. id end
for i = 1, #changes, 4 do members[#members + 1] = '@' .. table.concat(changes, '\t', i, i + 3) end
if #endings > 0 then members[#members + 1] = '#' .. cjson.encode(endings) end
call('SET', replyKey, request .. '\n' .. table.concat(members, '\n'), 'PX', 600000)
return { untilNextDue(), fetched, lost, cancelled, waiting(), history, changes, probesOfReply, endings, NOW }
