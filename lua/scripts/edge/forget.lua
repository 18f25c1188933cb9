-- edge/forget: every partition knows that an edge was given up. One that is back meanwhile stays.
--
-- KEYS
--    1 edges     zset    write   edge by the time of its last heartbeat (ms), or 0 where it is given up
-- ARGV
--    1 edge      the edge's incarnation
-- RETURNS
--    1, or 0 where it is back
-- USES
if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= '0' then
  return 0
end
return redis.call('ZREM', KEYS[1], ARGV[1])
