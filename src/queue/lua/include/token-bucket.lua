-- The bound on requests per second, of each principal and over all processes: a bucket that holds as many tokens as it
-- gets each second. Needs context.lua and `now`.
--
-- Hash `ingress:<n>` has of each principal when its bucket is full again (the theoretical arrival time of GCRA, ITU-T
-- I.371), Unix milliseconds as MessagePack, as its last request in period n has left it. A period is as long as the
-- largest request takes to be paid for: what is older than the period before this one is of no use, and has expired.

local LARGEST = 1000

local perSecond, period
local fullAt, isTaken, isNewPeriod = {}, {}, false

local function bucketsOf(at) return P .. 'ingress:' .. ms(math.floor(at / period)) end

-- To be called once, before any are taken; no more principals than unpack takes.
local function loadBuckets(principals, tokensPerSecond)
  perSecond, period = tokensPerSecond, 1000 + LARGEST * 1000 / tokensPerSecond
  if #principals == 0 then return end
  local these, before = call('HMGET', bucketsOf(now), unpack(principals)), nil
  isNewPeriod = true
  for i, principal in ipairs(principals) do
    local full = these[i]
    if full then
      isNewPeriod = false
    else
      before = before or call('HMGET', bucketsOf(now - period), unpack(principals))
      full = before[i]
    end
    fullAt[principal] = math.max(now, full and cmsgpack.unpack(full) or now)
  end
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
  local some = {}
  for principal in pairs(isTaken) do
    some[#some + 1] = principal
    some[#some + 1] = cmsgpack.pack(fullAt[principal])
  end
  if #some == 0 then return end
  call('HSET', bucketsOf(now), unpack(some))
  -- A hash that holds something has been given its end.
  if isNewPeriod then call('PEXPIRE', bucketsOf(now), ms(2 * period)) end
end
