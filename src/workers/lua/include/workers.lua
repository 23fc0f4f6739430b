-- Worker processes. Needs context.lua and `now`.
--
-- Hash `workers`: id -> record (JSON). Hash `workers:running`: id -> what it runs, as it said last (JSON). Hash
-- `workers:held`: id -> how an admin wants it not to work (JSON); a worker that may is not in it.
-- Sorted sets: `workers:names` has the ids in their order; `workers:seen` those that are not gone, by when they were last
-- heard of; `workers:gone` those that are, by when they are forgotten (Unix ms).

local WORKERS = P .. 'workers'
local RUNNING, HELD = WORKERS .. ':running', WORKERS .. ':held'
local NAMES, SEEN, GONE = WORKERS .. ':names', WORKERS .. ':seen', WORKERS .. ':gone'

-- One that an admin has paused may come back after weeks, and is paused then.
local REMEMBERED, REMEMBERED_HELD = 3600000, 30 * 86400000
local MOST_GONE, AT_ONCE = 1000, 100

local function recordOf(id)
  local text = call('HGET', WORKERS, id)
  return text and cjson.decode(text)
end

local function writeRecord(id, record) call('HSET', WORKERS, id, cjson.encode(record)) end

local function rememberGone(id)
  local forMs = call('HEXISTS', HELD, id) == 1 and REMEMBERED_HELD or REMEMBERED
  call('ZADD', GONE, ms(now + forMs), id)
end

-- It is gone from now on. What it was running when it was last heard of stays for whoever asks.
local function goes(id, record, because)
  record.state, record.busy = 'gone', 0
  record.gone = { at = now, seenAt = tonumber(call('ZSCORE', SEEN, id)) or now, because = because }
  writeRecord(id, record)
  call('ZREM', SEEN, id)
  rememberGone(id)
end

local function forget(ids)
  for _, id in ipairs(ids) do
    for _, key in ipairs({ WORKERS, RUNNING, HELD }) do call('HDEL', key, id) end
    for _, key in ipairs({ NAMES, GONE }) do call('ZREM', key, id) end
  end
end

local function forgetSome()
  forget(call('ZRANGEBYSCORE', GONE, '-inf', ms(now), 'LIMIT', 0, AT_ONCE))
  local excess = call('ZCARD', GONE) - MOST_GONE
  if excess > 0 then forget(call('ZRANGE', GONE, 0, math.min(excess, AT_ONCE) - 1)) end
end

-- Whether there was somebody to hear a worker for all of that time: after an outage of Redis nobody was heard, and nobody
-- is gone for that.
local function isWatched(timeout)
  local key = WORKERS .. ':watched'
  local since, last = string.match(call('GET', key) or '', '^(%d+);(%d+)$')
  if not since or now - tonumber(last) > timeout then since = ms(now) end
  call('SET', key, since .. ';' .. ms(now))
  return now - tonumber(since) >= timeout
end

-- Finds workers that are not heard of any more, each once. Returns their records (JSON).
local function sweepWorkers(timeout)
  local lost = {}
  if isWatched(timeout) then
    for _, id in ipairs(call('ZRANGEBYSCORE', SEEN, '-inf', '(' .. ms(now - timeout), 'LIMIT', 0, AT_ONCE)) do
      goes(id, recordOf(id), 'lost')
      lost[#lost + 1] = call('HGET', WORKERS, id)
    end
  end
  forgetSome()
  return lost
end
