-- lease/register: say that a worker lives, and learn who else does. By the server's clock, so that
-- workers whose clocks differ agree.
--
-- KEYS
--    1 workers   zset    write   worker id by the time of its last heartbeat
-- ARGV
--    1 worker    id of the worker
--    2 lease_ms  who said nothing for this long does not live
-- RETURNS
--    ids of the workers that live, in order
-- USES
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
local live = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(live)
return live
