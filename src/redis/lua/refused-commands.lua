-- Which commands the user of the connection may not run on keys of the product. Redis before 7.0 does not tell.
-- KEYS[1] the prefix of all keys; ARGV[1] '1' when replicas are waited for, else ''.
-- Returns the names of those that are refused, or unknown.

if not redis.acl_check_cmd then return {} end
local key = KEYS[1] .. 'probe'

-- Nothing of this is run, but all of it must be as it could be: Redis 7.0 reads arguments that are missing all the same,
-- and crashes.
local needed = {
  { 'BZPOPMIN', key, '1' },
  { 'DEL', key },
  { 'EXISTS', key },
  { 'GET', key },
  { 'GETDEL', key },
  { 'HDEL', key, 'field' },
  { 'HEXISTS', key, 'field' },
  { 'HGET', key, 'field' },
  { 'HGETALL', key },
  { 'HINCRBY', key, 'field', '1' },
  { 'HKEYS', key },
  { 'HLEN', key },
  { 'HMGET', key, 'field' },
  { 'HSET', key, 'field', 'value' },
  { 'HSETNX', key, 'field', 'value' },
  { 'HSTRLEN', key, 'field' },
  { 'HVALS', key },
  { 'LINDEX', key, '0' },
  { 'LLEN', key },
  { 'LPOP', key },
  { 'LPOS', key, 'value' },
  { 'LPUSH', key, 'value' },
  { 'LRANGE', key, '0', '1' },
  { 'LREM', key, '1', 'value' },
  { 'LSET', key, '0', 'value' },
  { 'LTRIM', key, '0', '1' },
  { 'MGET', key },
  { 'PEXPIRE', key, '1' },
  { 'RPOP', key },
  { 'RPUSH', key, 'value' },
  { 'SADD', key, 'member' },
  { 'SET', key, 'value' },
  { 'SMEMBERS', key },
  { 'SPOP', key },
  { 'SREM', key, 'member' },
  { 'TIME' },
  { 'UNLINK', key },
  { 'XADD', key, '*', 'field', 'value' },
  { 'XDEL', key, '1-1' },
  { 'XINFO', 'STREAM', key },
  { 'XLEN', key },
  { 'XRANGE', key, '-', '+' },
  { 'XREAD', 'STREAMS', key, '0' },
  { 'XREVRANGE', key, '+', '-' },
  { 'XTRIM', key, 'MAXLEN', '1' },
  { 'ZADD', key, '1', 'member' },
  { 'ZCARD', key },
  { 'ZCOUNT', key, '0', '1' },
  { 'ZMSCORE', key, 'member' },
  { 'ZRANDMEMBER', key, '1' },
  { 'ZRANGE', key, '0', '1' },
  { 'ZRANGEBYLEX', key, '-', '+' },
  { 'ZRANGEBYSCORE', key, '0', '1' },
  { 'ZRANK', key, 'member' },
  { 'ZREM', key, 'member' },
  { 'ZREMRANGEBYRANK', key, '0', '0' },
  { 'ZSCORE', key, 'member' },
}
if ARGV[1] == '1' then
  needed[#needed + 1] = { 'INFO', 'replication' }
  needed[#needed + 1] = { 'WAIT', '1', '1' }
end

local refused = {}
for _, command in ipairs(needed) do
  local isKnown, isAllowed = pcall(redis.acl_check_cmd, unpack(command))
  if not (isKnown and isAllowed) then refused[#refused + 1] = command[1] end
end
return refused
