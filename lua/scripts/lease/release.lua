-- lease/release: hand a partition over at once. The fence stays: it only ever grows. Who is to have it
-- hears the bell.
--
-- KEYS
--    1 position  hash    write   who owns the partition
--    2 bell      channel publish the worker that waits for the partition; the ingress has none
-- ARGV
--    1 fence     the owner's fence
--    2 word      what the bell says
-- RETURNS
--    1, or 0 where the partition has another owner
-- USES
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'owner', '', 'lease_until', '0')
if KEYS[2] then
  redis.call('SPUBLISH', KEYS[2], ARGV[2])
end
return 1
