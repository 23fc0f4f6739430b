-- Dead letters, in the order in which they died, and by what they died of. Needs context.lua, purges.lua, alive.lua,
-- positions.lua and `now`.
--
-- Stream `dead` has all, stream `dead:<fingerprint>` those that died of the same at the same host; a task has its
-- position in both in field `died`, and its fingerprint in `fp`. Hash `dead:groups` has of each fingerprint
-- <host>\n<what it died of>. With MOST_GROUPS of them, further ones are all in group `other`.

local MOST_GROUPS = 1000

local function fingerprintOf(ids, failure)
  local host = ''
  for _, id in ipairs(ids) do
    if string.sub(id, 1, 2) == 'h:' then host = string.sub(id, 3) end
  end
  local what = host .. '\n' .. failure
  local fingerprint = string.sub(redis.sha1hex(what), 1, 16)
  if call('HEXISTS', P .. 'dead:groups', fingerprint) == 1 then return fingerprint end
  if call('HLEN', P .. 'dead:groups') >= MOST_GROUPS then fingerprint, what = 'other', '\nother' end
  call('HSET', P .. 'dead:groups', fingerprint, what)
  return fingerprint
end

-- A task has become a dead letter. `ids`: its gates.
local function bury(lane, id, ids, failure)
  local fingerprint, time, n = fingerprintOf(ids, failure), nextPosition('dead', now)
  local position, member = time .. '-' .. n, memberOf(lane, id)
  call('XADD', P .. 'dead', position, 'i', member)
  call('XADD', P .. 'dead:' .. fingerprint, position, 'i', member)
  call('HSET', jobKey(lane, id), 'died', position, 'fp', fingerprint)
  flushPositions()
end

-- Tasks of a lane are about to be dead letters no longer. To be followed by flushAlive.
local function unbury(lane, ids)
  local all, groups = {}, {}
  for _, id in ipairs(ids) do
    local job = indexOf(lane, id)
    local died, fingerprint = job[3], job[4]
    countIn('dead_letter', gatesOf(job[2]), -1)
    if died and fingerprint then
      all[#all + 1] = died
      purges.uncount(lane, gatesOf(job[2])[1], fingerprint, died)
      groups[fingerprint] = groups[fingerprint] or {}
      table.insert(groups[fingerprint], died)
    end
  end
  if #all > 0 then strike(P .. 'dead', all) end
  for fingerprint, positions in pairs(groups) do
    if strike(P .. 'dead:' .. fingerprint, positions) then call('HDEL', P .. 'dead:groups', fingerprint) end
  end
end
