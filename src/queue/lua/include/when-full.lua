-- For scripts that take work off Redis: they have to run when Redis is full, or it would never get empty again. Redis
-- refuses the first write of a script if that may need memory, and nothing after it. This is a first write that needs none.
-- (The flag allow-oom of Redis 7 does the same, but 6.2 does not know it. Scripts without this, that run all the same,
-- begin with a write that takes away.) Needs context.lua.
call('DEL', P .. 'nothing')
