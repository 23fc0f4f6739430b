-- Claims occurrences of a schedule, and moves it to the next one: in one step, so that each is claimed once, by whoever is first.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- ARGV[3]  what was asked for, as the caller has read it; '' = whatever it is
-- ARGV[4]  how far it is, as the caller has read it
-- ARGV[5]  how far it is from now on
-- ARGV[6]  when it fires next, Unix ms; '' = it does not; '-' = as before
-- ARGV[7]  what becomes of an occurrence while the one before has not ended: skip, queue or allow
-- ARGV[8]  how many were missed
-- ARGV[9]  how many occurrences of a schedule may wait to become tasks
-- ARGV[10] how many of a client
-- ARGV[11] how many tasks in a row led to them
-- ARGV[12..]  of each occurrence: id of its task, when it fires in Unix ms
-- Returns  { 1 when they were claimed, how many of them were left out because of the one before, how many because too many
--          wait already }

--@include context
local now = clock(ARGV[1])
--@include schedules

local key, overlap = ARGV[2], ARGV[7]
if ARGV[3] ~= '' and call('HGET', P .. 'schedules', key) ~= ARGV[3] then return { 0, 0, 0 } end
if (call('HGET', P .. 'schedules:progress', key) or '') ~= ARGV[4] then return { 0, 0, 0 } end
call('HSET', P .. 'schedules:progress', key, ARGV[5])
if ARGV[6] ~= '-' then setDue(key, ARGV[6]) end
countSkipped(key, tonumber(ARGV[8]), now, 'missed')

-- One that is no task yet waits; with `queue` there is at most one such, with `skip` none while another one is alive.
local waiting, ofClient = waitingOf(key), waitingOf(clientOf(key))
local most = math.min(tonumber(ARGV[9]) - waiting, tonumber(ARGV[10]) - ofClient)
local isBusy = overlap == 'skip' and isAlive(key)
local ordered, leftOut, tooMany = 0, 0, 0
for i = 12, #ARGV, 2 do
  if overlap ~= 'allow' and (waiting + ordered > 0 or isBusy) then
    leftOut = leftOut + 1
  elseif ordered >= most then
    tooMany = tooMany + 1
  else
    order(key, ARGV[i], tonumber(ARGV[i + 1]), ARGV[11], now)
    ordered = ordered + 1
  end
end
countSkipped(key, leftOut, now, 'overlap')
countSkipped(key, tooMany, now, 'too_many_waiting')
return { 1, leftOut, tooMany }
