-- Schedules as they stand.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1..]  ids, no more than unpack takes
-- Returns  for each that there is, in order: id, what was asked for, how far it is, fired, skipped, last
--          task or '', when that was to fire or '', skip

--@include context
--@include schedules

local found = {}
for _, key in ipairs(ARGV) do
  local definition = call('HGET', P .. 'schedules', key)
  if definition then
    local tally = call('HMGET', inName('tally', key), 'fired', 'skipped', 'task', 'at', 'skip')
    append(found, { key, definition, call('HGET', P .. 'schedules:progress', key) or '' })
    append(found, { tally[1] or '0', tally[2] or '0', tally[3] or '', tally[4] or '', tally[5] or '' })
  end
end
return found
