-- Changes the limits of a tier, creates or deletes it, with a line in the audit log, in one step. What its clients may do
-- follows by apply-tier.
--
-- KEYS[1]  prefix of all keys
-- ARGV[1]  name
-- ARGV[2]  its limits as the caller has read them (JSON); '' = nothing was set for it
-- ARGV[3]  its limits from now on (JSON); '' = nothing is set for it
-- ARGV[4]  1 when the tier is built in: it is there when nothing is set for it, too
-- ARGV[5]  how many tiers may be there that are not built in
-- ARGV[6]  line for the audit log
-- ARGV[7]  how many lines the audit log keeps, about
-- Returns  'kept'; 'changed' when it is another one by now; 'in_use' when clients have the tier that was to be deleted;
--          'too_many'. Of the last three, nothing was changed

--@include context
--@include audit

local name, before, after, isBuiltIn = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
local tiers = P .. 'tiers'
local isUsed = call('EXISTS', tiers .. ':clients:' .. name) == 1

if (call('HGET', tiers, name) or '') ~= before then return 'changed' end
if after == '' and not isBuiltIn and isUsed then return 'in_use' end
if before == '' and not isBuiltIn and call('HLEN', tiers) >= tonumber(ARGV[5]) then return 'too_many' end

if after == '' then
  call('HDEL', tiers, name)
else
  call('HSET', tiers, name, after)
end
if isUsed then call('HSET', tiers .. ':pending', name, '') end
audit(ARGV[6], ARGV[7])
return 'kept'
