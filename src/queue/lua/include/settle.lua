-- What becomes of a task after an attempt, and what that says of its host. Needs context.lua, circuits.lua, gates.lua,
-- places.lua, alive.lua, history.lua, callbacks.lua, finish.lua, judge.lua, and what finish.lua asks of `limits`.

-- `first`: where the values of the first one begin, less one. Returns the ids of those whose lock is not ours any more.
-- Everything is made in here: a turn that settles nothing does without.
local function settleAll(first, count)
  if count == 0 then return {} end

  -- The values of a settlement are ARGV[at + 1], ARGV[at + 2], ...
  local VALUES = 17
  local LANE, ID, KIND, ATTEMPTS, ATTEMPT, PLACE, KEPT, DELAY, REASON, BYTES, DROPPED, STARTS, BEGUN, GATES, VERDICT, FAILURE, CALLBACK =
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17

  local function retryLater(at, lane, id)
    local wait = tonumber(ARGV[at + DELAY])
    call('HSET', jobKey(lane, id), 'delay', ARGV[at + DELAY], 'due', ms(now + wait))
    countIn('retrying', gatesOf(ARGV[at + GATES]), 1)
    delay(lane, id, now + wait)
  end

  -- Probes that got no answer, lane and id: they ask their gates again, when these know what that means for them.
  local asksAgain = {}

  local function admitAgain()
    for _, task in ipairs(asksAgain) do
      local lane, id = task[1], task[2]
      admitAll(lane, { id }, { call('HMGET', jobKey(lane, id), 'gates', 'due', 'expires') }, limits.maxAge)
    end
  end

  -- Not reckoned from now: a worker that was cut off tells late what was long ago.
  local function begunAt(at) return math.min(now, tonumber(ARGV[at + BEGUN])) end

  local function settle(at)
    local lane, id, kind = ARGV[at + LANE], ARGV[at + ID], ARGV[at + KIND]
    local key, place = jobKey(lane, id), 'a:' .. ARGV[at + PLACE]
    local begun = ms(begunAt(at))
    if ARGV[at + DROPPED] ~= '' then
      for old in string.gmatch(ARGV[at + DROPPED], '%d+') do call('HDEL', key, 'a:' .. old) end
    end
    local goesOn = kind == 'retry' or kind == 'hand_back' or kind == 'ask_again'
    local reason = ARGV[at + REASON]
    if goesOn then
      local marks = call('HMGET', key, 'cancel', 'once')
      if marks[1] then
        kind, goesOn = 'cancelled', false
      elseif marks[2] and kind == 'retry' then
        kind, goesOn, reason = 'dead_letter', false, 'canary_failed'
      end
      -- Who tells of it knows only what was settled.
      if not goesOn then append(endings, { id, kind, reason, ARGV[at + GATES] }) end
    end
    if goesOn then
      purges.spare(lane, id, gatesOf(ARGV[at + GATES])[1])
      call('HSET', key, 'atm', ARGV[at + ATTEMPTS], place, ARGV[at + ATTEMPT], 'kept', ARGV[at + KEPT],
        'ats', ARGV[at + STARTS], 'processedOn', begun)
      if kind == 'retry' then retryLater(at, lane, id) end
      if kind == 'hand_back' then backToWait(lane, id) end
      if kind == 'ask_again' then asksAgain[#asksAgain + 1] = { lane, id } end
    else
      call('HSET', key, 'atm', ARGV[at + ATTEMPTS], place, ARGV[at + ATTEMPT], 'kept', ARGV[at + KEPT],
        'ats', ARGV[at + STARTS], 'processedOn', begun, 'finishedOn', NOW, 'end', kind, 'failedReason', reason)
      ended(lane, id, kind, limits, gatesOf(ARGV[at + GATES]), tonumber(ARGV[at + BYTES]),
        ARGV[at + FAILURE])
      if ARGV[at + CALLBACK] ~= '' then orderCallback(lane, id) end
    end
  end

  -- A client has to leave a host alone. Returns whether it will. `id`: the gate that holds back what it has for the host.
  local function holdClient(id, till)
    if not ofHosts().mayHold(id) then return false end
    till = math.max(till, tonumber(call('HGET', P .. 'holds', id)) or 0)
    call('HSET', P .. 'holds', id, ms(till))
    gates[id] = nil
    wakeAt(id, till)
    return true
  end

  -- By the gates of their tasks.
  local hosts = {}
  local function readHosts()
    local called = {}
    for i = 1, count do
      local gates = ARGV[first + (i - 1) * VALUES + GATES]
      if not hosts[gates] then
        hosts[gates] = string.match(gates, '\nh:(.*)$') or ''
        called[#called + 1] = hosts[gates]
      end
    end
    loadCircuits(called)
  end

  local function judgeAttempt(at, host)
    local kind, hold, forClient, probeOf, note = string.match(ARGV[at + VERDICT], '^(%l);?(%d*);?(%d*);?(%d*);?(.*)$')
    local ids, judge = gatesOf(ARGV[at + GATES]), hostJudge()
    forClient = tonumber(forClient)
    if forClient and (judge.rules().threshold == 0 or not holdClient(ofHosts().holdOf(ids), now + forClient)) then
      forClient = nil
    end
    local function pairOf(client) return 'k:' .. client .. ' ' .. host end
    local client, till = judge.judge(host, {
      kind = kind, client = ofHosts().clientOf(ids), hold = tonumber(hold), holdClient = forClient,
      probeOf = tonumber(probeOf), note = note, begun = begunAt(at),
      mayHold = function(client) return ofHosts().mayHold(pairOf(client)) end,
    })
    if client then holdClient(pairOf(client), till) end
  end

  -- What an attempt says of its host. Nearly all are successes, and there is nothing against nearly all hosts: then that is
  -- all it takes.
  local function heard(at)
    local verdict, host = ARGV[at + VERDICT], hosts[ARGV[at + GATES]]
    if verdict == '' or host == '' or (verdict == 's' and not circuits[host]) then return end
    judgeAttempt(at, host)
  end

  local members, locks = {}, {}
  for i = 1, count do
    local at = first + (i - 1) * VALUES
    members[i] = ARGV[at + LANE] .. ':' .. ARGV[at + ID]
    locks[i] = P .. members[i] .. ':lock'
  end
  readHosts()
  local owners, lost, ours, held, stalled = call('MGET', unpack(locks)), {}, {}, {}, {}
  for i = 1, count do
    local at = first + (i - 1) * VALUES
    local lane, id = ARGV[at + LANE], ARGV[at + ID]
    if owners[i] ~= limits.token then
      lost[#lost + 1] = id
    else
      ours[#ours + 1] = locks[i]
      held[#held + 1] = members[i]
      stalled[lane] = stalled[lane] or {}
      stalled[lane][#stalled[lane] + 1] = id
      call('LREM', setKey(lane, 'active'), -1, id)
      settle(at)
      heard(at)
    end
  end
  if #ours > 0 then call('UNLINK', unpack(ours)) end
  for lane, ids in pairs(stalled) do call('SREM', setKey(lane, 'stalled'), unpack(ids)) end
  releaseHeld(held)
  admitAgain()
  return lost
end
