-- What is done for an operation on many tasks is counted by the script that does it: whoever works on the operation may die before
-- it has heard of it, and another one then finds nothing left to do. Needs context.lua.

-- `operation`: '' = it is for none.
local function doneFor(operation)
  if operation == '' then return end
  call('HINCRBY', P .. 'operation:' .. operation, 'matched', 1)
  call('HINCRBY', P .. 'operation:' .. operation, 'done', 1)
end
