-- Replaces or removes a record, the limits of the gate that it decides and what else the scripts need of it, with a line in the audit
-- log, in one step: no reader and no crash sees one without the others.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  gate
-- ARGV[3]  its limits as in hash `gates`; '' = none
-- ARGV[4]  how long a gate may hold a task after it was due, milliseconds
-- ARGV[5]  key of the hash that holds the record
-- ARGV[6]  name of the record
-- ARGV[7]  the record as the caller has read it; '' = there was none
-- ARGV[8]  the record from now on; '' = none
-- ARGV[9]  line for the audit log; '' = none
-- ARGV[10] how many lines the audit log keeps, about
-- ARGV[11] and on, in threes: a hash that has what the scripts need of the record besides, the field of it there, and what
--          they need; '' = nothing of this record
-- Returns  1 when it was replaced, 0 when it is another one by now and nothing was changed

--@include context
--@include purges
local now = clock(ARGV[1])
--@include circuits
--@include gates
--@include rooms
--@include alive
--@include places
--@include limit-gate
--@include audit

if (call('HGET', ARGV[5], ARGV[6]) or '') ~= ARGV[7] then return 0 end
local function keep(key, field, text)
  if text == '' then
    call('HDEL', key, field)
  else
    call('HSET', key, field, text)
  end
end
keep(ARGV[5], ARGV[6], ARGV[8])
for i = 11, #ARGV, 3 do keep(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
audit(ARGV[9], ARGV[10])
limitGate(ARGV[2], ARGV[3], tonumber(ARGV[4]))
return 1
