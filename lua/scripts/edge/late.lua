-- edge/late: edges that said nothing for too long are given up. From here on they cannot go on as if
-- nothing had happened; they stay on the list until every partition is told (see edge/forget).
--
-- KEYS
--    1 edges     zset    write   edge by the time of its last heartbeat (ms), or 0 where it is given up
-- ARGV
--    1 lease_ms  who said nothing for this long is given up
-- RETURNS
--    the edges that are given up
-- USES
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local late = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now - ARGV[1]))
for _, edge in ipairs(late) do
  redis.call('ZADD', KEYS[1], 0, edge)
end
return late
