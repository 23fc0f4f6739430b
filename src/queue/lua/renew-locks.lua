-- Renews the locks of running tasks; never takes one over.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  token of the dispatcher
-- ARGV[2]  lock, milliseconds
-- ARGV[3..]  `<lane>:<id>` of each task
-- Returns  those whose lock is not ours any more

--@include context
local lost = {}
for i = 3, #ARGV do
  local key = P .. ARGV[i] .. ':lock'
  if call('GET', key) == ARGV[1] then call('PEXPIRE', key, ARGV[2]) else lost[#lost + 1] = ARGV[i] end
end
return lost
