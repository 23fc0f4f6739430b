-- What was purged: it is there for nobody any more, and may come back for a while. Needs context.lua.
--
-- Queues. Hash `purging` has, for each queue (as its gate) that tasks are being taken out of, marks, the oldest first, ' '
-- between: <position>;<operation>. Those go that were stored up to this position of stream `made` and are no matter of an
-- earlier mark, and neither run nor have ended. Whoever comes across one of them takes it away, and a walk over all of them
-- does; then the mark goes. A mark without an operation is that of a purge that was undone: what was its matter stays, whatever
-- the marks behind it say. One that is put back into its lane meanwhile, as it ran or was a dead letter, has in field `spared`
-- the position of the newest mark; it is no matter of that and of earlier ones. What was taken away is in no place of a
-- lane: list `purged:<operation>` has it, <lane>:<id>, and its field `purged` the operation. Hash `purged` has the operations
-- that took anything. Hash `leaving` has, by <operation>/<gate of the queue> and by <operation>/<state>/<gate> (as in hash
-- `depth`), how many of the tasks that are to go are in their places yet, and counted there.
-- Dead letters. Hash `cleared` has, for each operation, ranges, ' ' between: <position>;<position>: those are hidden that are
-- behind the first and not behind the second position of stream `dead`. No two ranges overlap. Hash `cleared:<operation>` has how many of each fingerprint, of
-- each queue (as its gate) and of each lane (`lane:<lane>`) these are.

local isAny
local STATES = { 'scheduled', 'retrying', 'deferred' }

-- Whether tasks are being taken out of any queue; mostly not, and then nothing else is made or asked.
local function isPurging()
  if isAny == nil then isAny = call('EXISTS', P .. 'purging') == 1 end
  return isAny
end

local function make()
  local marks, cleared, isAnyAside

  local function partsOf(position)
    local time, n = string.match(position, '^(%d+)%D(%d+)$')
    return tonumber(time), tonumber(n)
  end

  local function isUpTo(time, n, mark) return time < mark.time or (time == mark.time and n <= mark.n) end

  local function loadMarks()
    if marks then return marks end
    marks = {}
    local all = call('HGETALL', P .. 'purging')
    for i = 1, #all, 2 do
      local ofQueue = {}
      for position, operation in string.gmatch(all[i + 1], '([^; ]+);(%S*)') do
        local time, n = partsOf(position)
        ofQueue[#ofQueue + 1] = { time = time, n = n, position = position, operation = operation }
      end
      marks[all[i]] = ofQueue
    end
    return marks
  end

  local function loadCleared()
    if cleared ~= nil then return cleared end
    cleared = false
    local all = call('HGETALL', P .. 'cleared')
    for i = 1, #all, 2 do
      for from, to in string.gmatch(all[i + 1], '([^; ]+);([^; ]+)') do
        local time, n = partsOf(from)
        local range = { operation = all[i], from = { time = time, n = n } }
        range.time, range.n = partsOf(to)
        cleared = cleared or {}
        cleared[#cleared + 1] = range
      end
    end
    return cleared
  end

  -- The mark whose matter is a task that was stored at that position and does not run, if it is to go.
  local function markFor(gate, timestamp, spared)
    local time, n = partsOf(timestamp or '')
    local sparedTime, sparedN = partsOf(spared or '')
    for _, mark in ipairs(time and loadMarks()[gate or ''] or {}) do
      local isSpared = sparedTime and isUpTo(mark.time, mark.n, { time = sparedTime, n = sparedN })
      if not isSpared and isUpTo(time, n, mark) then return mark.operation ~= '' and mark or nil end
    end
  end

  -- Takes a task away if a purge goes on that it belongs to. It is in none of the places of its lane any more, and has given
  -- back what it had there. `ids`: its gates. `state`: of one in `delayed`, as what it was counted. Returns whether it was taken.
  local function takeAway(lane, id, ids, state)
    if not loadMarks()[ids[1] or ''] then return false end
    local key = jobKey(lane, id)
    local job = call('HMGET', key, 'timestamp', 'spared')
    local mark = markFor(ids[1], job[1], job[2])
    if not mark then return false end
    call('HSET', key, 'purged', mark.operation)
    -- What waits is come across newest first, and what comes back is let in from the head of this list on.
    call(state and 'RPUSH' or 'LPUSH', P .. 'purged:' .. mark.operation, lane .. ':' .. id)
    call('HSET', P .. 'purged', mark.operation, '1')
    call('HINCRBY', P .. 'leaving', mark.operation .. '/' .. ids[1], -1)
    if state then call('HINCRBY', P .. 'leaving', mark.operation .. '/' .. state .. '/' .. ids[1], -1) end
    for i = 1, ids[2] and 2 or 0 do
      if call('HINCRBY', P .. 'alive', ids[i], -1) <= 0 then call('HDEL', P .. 'alive', ids[i]) end
    end
    return true
  end

  -- A task that was in none of the places of its lane when a purge began is put into one. `gate`: that of its queue; it is
  -- looked up when it is left out.
  local function spare(lane, id, gate)
    gate = gate or string.match(call('HGET', jobKey(lane, id), 'gates') or '', '^[^\n]*')
    local ofQueue = loadMarks()[gate]
    if ofQueue then call('HSET', jobKey(lane, id), 'spared', ofQueue[#ofQueue].position) end
  end

  -- The range of cleared dead letters that a position is in.
  local function clearedAt(time, n)
    for _, range in ipairs(loadCleared() or {}) do
      if isUpTo(time, n, range) and not isUpTo(time, n, range.from) then return range end
    end
  end

  -- The ranges between those that are cleared, up to a position, as text; '' = there are none.
  local function notCleared(upTo)
    local ranges, holes, at = { unpack(loadCleared() or {}) }, {}, { time = 0, n = 0 }
    local newest = {}
    newest.time, newest.n = partsOf(upTo)
    table.sort(ranges, function(one, other)
      return isUpTo(one.from.time, one.from.n, other.from) and not isUpTo(other.from.time, other.from.n, one.from)
    end)
    local function upToThere(there)
      if not isUpTo(there.time, there.n, at) then
        holes[#holes + 1] = ms(at.time) .. '-' .. ms(at.n) .. ';' .. ms(there.time) .. '-' .. ms(there.n)
      end
    end
    for _, range in ipairs(ranges) do
      upToThere(range.from)
      if not isUpTo(range.time, range.n, at) then at = range end
    end
    upToThere(newest)
    return table.concat(holes, ' ')
  end

  local function isHidden(lane, id)
    if isAnyAside == nil then isAnyAside = call('EXISTS', P .. 'purged') == 1 end
    if not (isAnyAside or next(loadMarks()) or loadCleared()) then return false end
    local job = call('HMGET', jobKey(lane, id), 'purged', 'end', 'died', 'gates', 'timestamp', 'spared')
    if job[1] then return true end
    if job[2] then
      local time, n = partsOf(job[3] or '')
      return time ~= nil and clearedAt(time, n) ~= nil
    end
    if not markFor(string.match(job[4] or '', '^[^\n]*'), job[5], job[6]) then return false end
    return call('EXISTS', jobKey(lane, id) .. ':lock') == 0
  end

  -- A dead letter is about to be one no longer: should it be a hidden one, there is one less.
  local function uncount(lane, queue, fingerprint, position)
    if not loadCleared() then return end
    local range = clearedAt(partsOf(position))
    if not range then return end
    local key = P .. 'cleared:' .. range.operation
    for _, field in ipairs({ fingerprint, queue or '', 'lane:' .. lane }) do call('HINCRBY', key, field, -1) end
  end

  -- How many are hidden, by fingerprint, by gate of the queue and by `lane:<lane>`.
  local function hiddenCounts()
    local counts = {}
    for _, range in ipairs(loadCleared() or {}) do
      local some = call('HGETALL', P .. 'cleared:' .. range.operation)
      for i = 1, #some, 2 do counts[some[i]] = (counts[some[i]] or 0) + tonumber(some[i + 1]) end
    end
    return counts
  end

  -- By gate of the queue and by <state>/<gate>, how many are to go and in their places yet.
  local leaving
  local function toGo()
    if leaving then return leaving end
    leaving = {}
    local all = call('HGETALL', P .. 'leaving')
    for i = 1, #all, 2 do
      local field = string.match(all[i], '^[^/]*/(.*)$')
      leaving[field] = (leaving[field] or 0) + math.max(0, tonumber(all[i + 1]))
    end
    return leaving
  end

  local function leavingOf(field) return toGo()[field] or 0 end
  local function leavingInAll()
    local count = 0
    for gate in pairs(loadMarks()) do count = count + leavingOf(gate) end
    return count
  end

  local function leavingFields(operation, gate)
    local fields = { operation .. '/' .. gate }
    for _, state in ipairs(STATES) do fields[#fields + 1] = operation .. '/' .. state .. '/' .. gate end
    return fields
  end

  local function keepMarks(gate, ofQueue)
    -- One that was undone keeps something from those behind it only.
    while ofQueue[1] and ofQueue[#ofQueue].operation == '' do ofQueue[#ofQueue] = nil end
    local texts = {}
    for i, mark in ipairs(ofQueue) do texts[i] = mark.position .. ';' .. mark.operation end
    marks[gate] = texts[1] and ofQueue or nil
    if texts[1] then
      call('HSET', P .. 'purging', gate, table.concat(texts, ' '))
    else
      call('HDEL', P .. 'purging', gate)
    end
  end

  -- From now on an operation takes all tasks of a queue that were stored up to that position. `counts`: how many these are, then how
  -- many of them are in each of STATES.
  local function mark(operation, gate, position, counts)
    local ofQueue, fields = loadMarks()[gate] or {}, leavingFields(operation, gate)
    ofQueue[#ofQueue + 1] = { position = position, operation = operation }
    keepMarks(gate, ofQueue)
    for i, field in ipairs(fields) do call('HSET', P .. 'leaving', field, ms(counts[i])) end
  end

  -- From now on no task is taken out of a queue for an operation. `stays`: what it has not taken stays.
  local function unmark(operation, gate, stays)
    local left = {}
    for _, each in ipairs(loadMarks()[gate] or {}) do
      if each.operation ~= operation then
        left[#left + 1] = each
      elseif stays then
        each.operation = ''
        left[#left + 1] = each
      end
    end
    keepMarks(gate, left)
    call('HDEL', P .. 'leaving', unpack(leavingFields(operation, gate)))
  end

  -- How many an operation has yet to take out of a queue.
  local function leftOf(operation, gate) return tonumber(call('HGET', P .. 'leaving', operation .. '/' .. gate)) or 0 end

  return {
    STATES = STATES, mark = mark, unmark = unmark, leftOf = leftOf, leavingOf = leavingOf, leavingInAll = leavingInAll, takeAway = takeAway, spare = spare, isHidden = isHidden, clearedAt = clearedAt, notCleared = notCleared, uncount = uncount,
    hiddenCounts = hiddenCounts, ranges = function() return loadCleared() or {} end,
  }
end

local made
local function of(_, name)
  made = made or make()
  return made[name]
end
local purges = setmetatable({
  leavingOf = function(gate) return isPurging() and of(nil, 'leavingOf')(gate) or 0 end,
  leavingInAll = function() return isPurging() and of(nil, 'leavingInAll')() or 0 end,
  takeAway = function(lane, id, ids, state) return isPurging() and of(nil, 'takeAway')(lane, id, ids, state) end,
  spare = function(lane, id, gate) if isPurging() then of(nil, 'spare')(lane, id, gate) end end,
}, { __index = of })
