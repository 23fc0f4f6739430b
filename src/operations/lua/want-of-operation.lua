-- Asks whoever works on an operation to end it, or to undo it, with a line in the audit log in one step.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  now, Unix milliseconds; '' = the time of Redis
-- ARGV[2]  id
-- ARGV[3]  `cancel` or `undo`
-- ARGV[4]  line for the audit log; '' = none
-- ARGV[5]  how many lines the audit log keeps, about
-- Returns  '' when there is no such operation; `wanted`; `over` when it is over already, or is being ended or undone; `final`
--          when it cannot be undone, or not any more; `no_cancel` when it cannot be ended halfway, as it is a purge: what it
--          hides would be hidden for ever

--@include context
--@include when-full
local now = clock(ARGV[1])
--@include purges
--@include undo-purge
--@include audit

local id, what = ARGV[2], ARGV[3]
local key = P .. 'operation:' .. id
local operation = call('HMGET', key, 'state', 'wanted', 'holder', 'undoUntil', 'spec')
local state, wanted, holder, undoUntil = operation[1], operation[2], operation[3], tonumber(operation[4])

local function objection()
  if not state then return '' end
  if wanted then return 'over' end
  if what == 'undo' then return not (undoUntil and undoUntil > now and isWhole(id)) and 'final' or nil end
  local spec = cjson.decode(operation[5])
  if spec.action == 'purge' and not spec.isDryRun then return 'no_cancel' end
  return state ~= 'running' and 'over' or nil
end

local against = objection()
if against then return against end
if what == 'undo' then showAgain(id) end
call('HSET', key, 'wanted', what)
if holder == '' then call('ZADD', P .. 'operations:due', ms(now), id) end
audit(ARGV[4], ARGV[5])
return 'wanted'
