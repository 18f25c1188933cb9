-- lease/renew: keep a partition for another lease.
--
-- KEYS
--    1 position  hash    write   who owns the partition
-- ARGV
--    1 fence     the owner's fence
--    2 lease_ms  how long the lease lasts without renewal
-- RETURNS
--    1, or 0 where the partition has another owner
-- USES
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
  return 0
end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'lease_until',
  string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]))
return 1
