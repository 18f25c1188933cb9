-- edge/beat: an edge says that it lives. By the server's clock, which edges and workers share.
--
-- KEYS
--    1 edges     zset    write   edge by the time of its last heartbeat (ms), or 0 where it is given up
-- ARGV
--    1 edge      the edge's incarnation
-- RETURNS
--    1, or 0 where it was not there or was given up: its connections are ended, or going to be
-- USES
local held = redis.call('ZSCORE', KEYS[1], ARGV[1])
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
return held and held ~= '0' and 1 or 0
