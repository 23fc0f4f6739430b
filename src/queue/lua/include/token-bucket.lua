-- The bound on requests per second, of each principal and over all processes: a bucket that holds as many tokens as it
-- gets each second. Needs context.lua and `now`.
--
-- Key `ingress:<principal>` has the time at which the bucket is full again (the theoretical arrival time of GCRA, ITU-T
-- I.371), Unix milliseconds, and expires then.

local bucketsOf = {}

-- Takes tokens out of a bucket that has one at least; it may owe the rest, so that one large request is possible, and
-- the rate is kept to all the same. Returns how many milliseconds to wait when it has none.
local function takeTokens(principal, tokens, perSecond)
  local interval = 1000 / perSecond
  local full = bucketsOf[principal] or tonumber(call('GET', P .. 'ingress:' .. principal)) or now
  full = math.max(full, now)
  local wait = full + interval - now - 1000
  if wait > 1e-6 then return math.ceil(wait) end
  bucketsOf[principal] = full + tokens * interval
end

local function flushTokens()
  for principal, full in pairs(bucketsOf) do
    call('SET', P .. 'ingress:' .. principal, string.format('%.3f', full), 'PX', math.max(1, math.ceil(full - now)))
  end
end
