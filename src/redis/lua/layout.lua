-- Whether a process may work with what is stored; if so, notes what it writes.
-- KEYS[1] the prefix of all keys; ARGV[1] the layout that the process writes, ARGV[2] the oldest layout whose processes
-- understand that one, ARGV[3] the oldest layout that it understands.
-- Returns nothing when it may; else 'newer' and the layout that a process must know, or 'older' and the layout that is stored.
-- A hash of its own: written, the newest layout in use; needs, what every process must know. Without it, both are 1.

local key = KEYS[1] .. 'layout'
local written = tonumber(redis.call('HGET', key, 'written') or 1)
local needs = tonumber(redis.call('HGET', key, 'needs') or 1)
local own, understood, oldest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

if own < needs then return { 'newer', needs } end
if written < oldest then return { 'older', written } end
if own > written then redis.call('HSET', key, 'written', own) end
if understood > needs then redis.call('HSET', key, 'needs', understood) end
return {}
