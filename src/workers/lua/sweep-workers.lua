-- Finds workers that are not heard of any more, each once, and forgets those that went long ago.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  after how many milliseconds of silence a worker is gone
-- Returns  records (JSON) of those that are gone since

--@include context
--@include when-full
local now = clock('')
--@include workers

return sweepWorkers(tonumber(ARGV[1]))
