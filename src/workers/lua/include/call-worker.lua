-- Needs context.lua.

-- Has a worker look at once at what is wanted of it: with the reply of its next turn, which it takes when it hears the
-- signal.
local function callWorker(token)
  call('SADD', P .. 'cancel:' .. token, '!')
  call('PEXPIRE', P .. 'cancel:' .. token, 600000)
  call('ZADD', P .. 'signal:' .. token, 0, '0')
  call('PEXPIRE', P .. 'signal:' .. token, 600000)
end
