-- lease/take: become the owner of a partition that is free, with a fence above all before.
-- The time is the server's, which every worker shares.
--
-- KEYS
--    1 position  hash    write   who owns the partition and how far it is applied
--    2 intake    stream  write   its consumer group is made here
-- ARGV
--    1 worker    id of the worker
--    2 lease_ms  how long the lease lasts without renewal
--    3 run       run id of this Redis; another one than before raises the term
-- RETURNS
--    fence, applied, seq, term, and 1 where the owner before did not hand it over, else 0; or nothing where somebody else holds the lease
-- USES
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'owner', 'lease_until', 'fence', 'applied', 'seq', 'term', 'run')
if held[1] and held[1] ~= '' and held[1] ~= ARGV[1] and tonumber(held[2]) > now then
  return {}
end
local fence = string.format('%d', (held[3] or 0) + 1)
local applied, seq, term = held[4] or '0-0', held[5] or '0', held[6] or '1'
if held[7] and held[7] ~= ARGV[3] then
  term = string.format('%d', term + 1)
end
if not held[3] then
  -- The group is there already where the position was lost and the stream was not.
  local made = redis.pcall('XGROUP', 'CREATE', KEYS[2], 'workers', applied, 'MKSTREAM', 'ENTRIESREAD', seq)
  if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then
    return made
  end
end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'lease_until', string.format('%d', now + ARGV[2]),
  'fence', fence, 'applied', applied, 'seq', seq, 'term', term, 'run', ARGV[3])
return { fence, applied, seq, term, held[1] and held[1] ~= '' and '1' or '0' }
