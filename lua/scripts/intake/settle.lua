-- intake/settle: keep the consumer group in step with the applied position, so that XINFO tells
-- the true lag, and trim what was applied long ago. Not per event: once per turn at most.
--
-- KEYS
--    1 position  hash    read    how far the partition is applied
--    2 intake    stream  write   the partition's events
-- ARGV
--    1 fence     the owner's fence
--    2 keep      id of the oldest entry that is kept, or empty
-- RETURNS
--    1, or 0 where the partition has another owner
-- USES
local held = redis.call('HMGET', KEYS[1], 'fence', 'applied', 'seq')
if held[1] ~= ARGV[1] then
  return 0
end
redis.call('XGROUP', 'SETID', KEYS[2], 'workers', held[2], 'ENTRIESREAD', held[3])
if ARGV[2] ~= '' then
  redis.call('XTRIM', KEYS[2], 'MINID', '~', ARGV[2])
end
return 1
