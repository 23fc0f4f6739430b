-- Undoing a purge. Needs context.lua and purges.lua.

-- What it has not taken away yet is there again for everybody, and so are all dead letters that it hid.
local function showAgain(operation)
  local key = P .. 'purge:' .. operation
  local what = call('HGET', key, 'what')
  if what == 'dead' then
    call('HDEL', P .. 'cleared', operation)
    call('DEL', P .. 'cleared:' .. operation, key)
  elseif what then
    purges.unmark(operation, what, true)
  end
end

-- Whether all that it took is there yet, and can come back.
local function isWhole(operation)
  local key = P .. 'purge:' .. operation
  return call('EXISTS', key) == 1 and call('HEXISTS', key, 'swept') == 0
end
