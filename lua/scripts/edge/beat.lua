-- edge/beat: an edge says that it lives. By the server's clock, which edges and workers share. An edge
-- that was given up is put back only where it says that it begins anew: a heartbeat that was stuck in the
-- network, and whose answer nobody reads, must not hide from the edge what happened.
--
-- KEYS
--    1 edges     zset    write   edge by the time of its last heartbeat (ms), or 0 where it is given up
-- ARGV
--    1 edge      the edge's incarnation
--    2 anew      1 where the edge begins anew, without connections of before
-- RETURNS
--    1, or 0 where it was not there or was given up: its connections are ended, or going to be
-- USES
local held = redis.call('ZSCORE', KEYS[1], ARGV[1])
if (not held or held == '0') and ARGV[2] ~= '1' then
  return 0
end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
return 1
