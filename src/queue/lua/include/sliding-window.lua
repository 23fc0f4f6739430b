-- How many requests of a client count, that is, were accepted in the last 60 seconds: exactly, for a sliding window.
-- Needs context.lua and `now`.
--
-- List `rate:<client>` has them in the order of time, those of one millisecond in one entry, four numbers as MessagePack,
-- which is read and written in a fraction of the time of text:
--   ms, how many up to there, how many of these counted then, how many ms before was the oldest of these
-- The first entry is of the last ones that do not count any more. As a rule the last entry says all; the others are
-- looked at when the oldest that it knows of counts no more. With a limit of n a minute there are n + 2 at most.

local WINDOW, TWO_WINDOWS = 60000, '120000'

local function entryAt(window, i) return cmsgpack.unpack(call('LINDEX', window.key, ms(i))) end

-- The first entry for which `isPast` does not hold, of those from `first` on; the length of the list if it holds for all.
-- It holds for a piece at the beginning. Short pieces are found soon.
local function firstNot(window, first, isPast)
  local length, step, low = call('LLEN', window.key), 1, first
  while low < length and isPast(entryAt(window, low)) do
    first, low, step = low + 1, low + step, step * 2
  end
  local high = math.min(low, length)
  while first < high do
    local middle = math.floor((first + high) / 2)
    if isPast(entryAt(window, middle)) then first = middle + 1 else high = middle end
  end
  return first
end

local function forgetOld(window)
  local i = firstNot(window, 1, function(at) return at <= now - WINDOW end)
  if i > 1 then call('LTRIM', window.key, ms(i - 1), '-1') end
  local head = call('LRANGE', window.key, '0', '1')
  local _, base = cmsgpack.unpack(head[1])
  window.base, window.oldest = base, head[2] and cmsgpack.unpack(head[2])
end

local windowsOfClients = {}
-- `gate`: that of the client.
local function windowOf(gate)
  local window = windowsOfClients[gate]
  if window then return window end
  window = { key = P .. 'rate:' .. string.sub(gate, 3), base = 0, last = now, stored = 0, added = 0 }
  windowsOfClients[gate] = window
  local tail = call('LINDEX', window.key, '-1')
  if not tail then return window end
  local last, count, counted, age = cmsgpack.unpack(tail)
  if last > now + WINDOW then
    -- The clock was set back, or this is another Redis: nobody has to wait until it is that late again.
    call('DEL', window.key)
    return window
  end
  window.isKept, window.last, window.stored = true, last, count
  window.base, window.oldest = count - counted, last - age
  if window.oldest <= now - WINDOW then forgetOld(window) end
  return window
end

local function used(window) return window.stored + window.added - window.base end

-- In how many milliseconds there is room for `wanted` more. With more than the limit it is a minute, and of no use.
local function untilRoom(window, limit, wanted)
  local enough = window.stored + window.added + wanted - limit
  if enough > window.stored or not window.oldest then return WINDOW end
  local i = firstNot(window, 1, function(_, count) return count < enough end)
  return math.max(1, (entryAt(window, i)) + WINDOW - now)
end

-- Text for the caller: how many more there may be, and in how many milliseconds there are more again, or room for as many
-- as were `wanted` and refused; then the limit.
local function quota(window, limit, wanted)
  local wait = wanted and untilRoom(window, limit, wanted) or math.max(1, (window.oldest or now) + WINDOW - now)
  return string.format('%d;%d;%d', math.max(0, limit - used(window)), wait, limit)
end

local function flushWindow(window)
  local at = math.max(now, window.last)
  local entry = cmsgpack.pack(at, window.stored + window.added, used(window), at - (window.oldest or at))
  if window.isKept and at == window.last then
    call('LSET', window.key, '-1', entry)
  elseif window.isKept then
    call('RPUSH', window.key, entry)
  else
    call('RPUSH', window.key, cmsgpack.pack(0, 0, 0, 0), entry)
  end
  -- Once a minute is enough for a list that is to live for a minute after its last entry.
  if not window.isKept or math.floor(at / WINDOW) ~= math.floor(window.last / WINDOW) then
    call('PEXPIRE', window.key, TWO_WINDOWS)
  end
end

local function flushWindows()
  for _, window in pairs(windowsOfClients) do
    if window.added > 0 then flushWindow(window) end
  end
end
