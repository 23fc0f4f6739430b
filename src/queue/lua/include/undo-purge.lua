-- Ending the mark of a purge. Needs context.lua and purges.lua.

-- From now on no task is taken out of a queue for this operation.
local function unmark(operation, gate)
  local mark = call('HGET', P .. 'purging', gate)
  if not mark or string.match(mark, ';(.*)$') ~= operation then return end
  call('HDEL', P .. 'purging', gate)
  call('HDEL', P .. 'leaving', unpack(purges.leavingFields(gate)))
end

-- What it has not taken away yet is there again for everybody, and so are all dead letters that it hid.
local function showAgain(operation)
  local key = P .. 'purge:' .. operation
  local what = call('HGET', key, 'what')
  if what == 'dead' then
    call('HDEL', P .. 'cleared', operation)
    call('DEL', P .. 'cleared:' .. operation, key)
  elseif what then
    unmark(operation, what)
  end
end

-- Whether all that it took is there yet, and can come back.
local function isWhole(operation)
  local key = P .. 'purge:' .. operation
  return call('EXISTS', key) == 1 and call('HEXISTS', key, 'swept') == 0
end
