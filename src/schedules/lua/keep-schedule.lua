-- Creates, replaces or deletes a schedule, or changes how far it is.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  id
-- ARGV[2]  client
-- ARGV[3]  what was asked for, as the caller has read it; '' = there was none
-- ARGV[4]  how far it is, as the caller has read it
-- ARGV[5]  what is asked for from now on; '' = none: it is deleted, and what was claimed of it is no task yet is none
-- ARGV[6]  how far it is from now on
-- ARGV[7]  when it fires next, Unix ms; '' = it does not
-- ARGV[8]  how many there may be in all
-- ARGV[9]  how many of the client
-- Returns  kept; changed when it is another one by now; too_many, too_many_of_client. Of the last three, nothing was done

--@include context
--@include schedules

local key, client = ARGV[1], ARGV[2]
local before = call('HGET', P .. 'schedules', key) or ''
if before ~= ARGV[3] or (call('HGET', P .. 'schedules:progress', key) or '') ~= ARGV[4] then return 'changed' end
local names, ofClient = P .. 'schedules:names', inName('names', client)
if ARGV[5] == '' then
  call('HDEL', P .. 'schedules', key)
  call('HDEL', P .. 'schedules:progress', key)
  call('ZREM', names, key)
  call('ZREM', ofClient, key)
  call('DEL', inName('tally', key))
  setDue(key, '')
  return 'kept'
end
if before == '' then
  if call('ZCARD', names) >= tonumber(ARGV[8]) then return 'too_many' end
  if call('ZCARD', ofClient) >= tonumber(ARGV[9]) then return 'too_many_of_client' end
end
call('HSET', P .. 'schedules', key, ARGV[5])
call('HSET', P .. 'schedules:progress', key, ARGV[6])
call('ZADD', names, 0, key)
call('ZADD', ofClient, 0, key)
setDue(key, ARGV[7])
return 'kept'
