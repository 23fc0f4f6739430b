-- The client of a task.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, of no use here
-- ARGV[2]  id
-- Returns  the id of the client; nothing when there is no such task

--@include context

for _, lane in ipairs(LANES) do
  local gates = call('HGET', jobKey(lane, ARGV[2]), 'gates')
  if gates then return string.match('\n' .. gates, '\nc:([^\n]*)') end
end
return false
