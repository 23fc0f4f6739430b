-- The audit log: who changed what. Needs context.lua.

-- Stream `audit`: a line for each change, in field `line` (JSON), under the time at which it was made. It is written by
-- the script that makes the change, so there is none without the other. The oldest go first when there are more than
-- `most`, some hundred at a time.
local function audit(line, most)
  if line ~= '' then call('XADD', P .. 'audit', 'MAXLEN', '~', most, '*', 'line', line) end
end
