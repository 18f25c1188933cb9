-- intake/settle: keep the consumer group in step with the applied position, so that XINFO tells
-- the true lag, and trim what was applied long ago. Not per event: once per turn at most.
--
-- KEYS
--    1 position  hash    write   how far the partition is applied, and behind what to trim next
--    2 intake    stream  write   the partition's events
-- ARGV
--    1 fence     the owner's fence
--    2 count     applied entries that are kept
-- RETURNS
--    1, or 0 where the partition has another owner
-- USES lib/keep
local held = redis.call('HMGET', KEYS[1], 'fence', 'applied', 'seq', 'trim')
if held[1] ~= ARGV[1] then
  return 0
end
redis.call('XGROUP', 'SETID', KEYS[2], 'workers', held[2], 'ENTRIESREAD', held[3])
keep(KEYS[1], KEYS[2], held[4], held[2], held[3], ARGV[2])
return 1
