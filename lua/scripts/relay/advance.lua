-- relay/advance: the outbox is relayed up to an entry: that one and those before it are taken out. What
-- could not be relayed because of a defect is among the dead letters from then on.
--
-- KEYS
--    1 position  hash    write   who owns the partition and how far its outbox is relayed
--    2 outbox    stream  write   what events caused in other partitions
--    3 dead      stream  write   dead letters
-- ARGV
--    1 fence     the owner's fence
--    2 relayed   id of the newest entry that is relayed
--    3 max       dead letters kept
--    4…          per defect what went wrong, the number of the entry's fields and values, and these
-- RETURNS
--    number of entries that wait to be relayed
-- ERRORS
--    FENCED
-- USES
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
  return redis.error_reply('FENCED another worker owns the partition')
end
local args, at, problem = ARGV, 4, ARGV[4]
while problem do
  local last = at + 1 + args[at + 1]
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 'source', 'outbox', 'error', problem,
    unpack(args, at + 2, last))
  at = last + 1
  problem = args[at]
end
local ms, seq = string.match(ARGV[2], '^(%d+)-(%d+)$')
redis.call('XTRIM', KEYS[2], 'MINID', ms .. '-' .. string.format('%d', seq + 1))
redis.call('HSET', KEYS[1], 'relayed', ARGV[2])
return redis.call('XLEN', KEYS[2])
