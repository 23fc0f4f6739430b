-- Undoing a purge. Needs context.lua.

-- What it has not taken away yet is there again for everybody, and so are all dead letters that it hid.
local function showAgain(operation)
  local what = call('HGET', P .. 'purge:' .. operation, 'what')
  if what == 'dead' then
    call('HDEL', P .. 'cleared', operation)
    call('DEL', P .. 'cleared:' .. operation)
  elseif what then
    local mark = call('HGET', P .. 'purging', what)
    if mark and string.match(mark, ';(.*)$') == operation then call('HDEL', P .. 'purging', what) end
  end
end
