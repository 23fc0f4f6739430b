-- The bound on requests per second, of each principal and over all processes: a bucket that holds as many tokens as it
-- gets each second. Needs context.lua and `now`.
--
-- Hash `ingress:<n>` has of each principal when its bucket is full again (the theoretical arrival time of GCRA, ITU-T
-- I.371), Unix milliseconds, as its last request in period n has left it. A period is as long as the largest request
-- takes to be paid for: what is older than the period before this one is of no use, and has expired.

local LARGEST = 1000

local perSecond, period
local fullAt, isTaken = {}, {}

local function bucketsOf(at) return P .. 'ingress:' .. ms(math.floor(at / period)) end

-- To be called once, before any are taken.
local function loadBuckets(principals, tokensPerSecond)
  perSecond, period = tokensPerSecond, 1000 + LARGEST * 1000 / tokensPerSecond
  inPieces(principals, UNPACK, function(from, to)
    local these = call('HMGET', bucketsOf(now), unpack(principals, from, to))
    local before = call('HMGET', bucketsOf(now - period), unpack(principals, from, to))
    for i = 1, #these do
      fullAt[principals[from + i - 1]] = math.max(now, tonumber(these[i] or before[i]) or now)
    end
  end)
end

-- Takes tokens out of a bucket that has one at least; it may owe the rest, so that one large request is possible, and
-- the rate is kept to all the same. Returns how many milliseconds to wait when it has none.
local function takeTokens(principal, tokens)
  local interval = 1000 / perSecond
  local wait = fullAt[principal] + interval - now - 1000
  if wait > 1e-6 then return math.ceil(wait) end
  fullAt[principal] = fullAt[principal] + tokens * interval
  isTaken[principal] = true
end

local function flushTokens()
  if not next(isTaken) then return end
  local some, key = {}, bucketsOf(now)
  for principal in pairs(isTaken) do
    some[#some + 1] = principal
    some[#some + 1] = string.format('%.3f', fullAt[principal])
  end
  inPieces(some, UNPACK, function(from, to) call('HSET', key, unpack(some, from, to)) end)
  call('PEXPIRE', key, ms(2 * period))
end
