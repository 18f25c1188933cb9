-- ingress/advance: the ingress is relayed up to an entry. The consumer group is kept in step, so that
-- XINFO tells the true lag, and what was relayed long ago is trimmed.
--
-- KEYS
--    1 position  hash    write   who relays the ingress and how far it is relayed
--    2 ingress   stream  write   events of back ends
-- ARGV
--    1 fence     the relaying worker's fence
--    2 relayed   id of the newest entry that is relayed
--    3 count     entries that were relayed since the last time
--    4 keep      relayed entries that are kept
-- RETURNS
--    1
-- ERRORS
--    FENCED
-- USES lib/keep
local held = redis.call('HMGET', KEYS[1], 'fence', 'seq', 'trim')
if held[1] ~= ARGV[1] then
  return redis.error_reply('FENCED another worker relays the ingress')
end
local seq = string.format('%d', held[2] + ARGV[3])
-- Somebody may have removed the stream, and with it the group.
local group = redis.pcall('XGROUP', 'SETID', KEYS[2], 'workers', ARGV[2], 'ENTRIESREAD', seq)
if group.err then
  redis.call('XGROUP', 'CREATE', KEYS[2], 'workers', ARGV[2], 'MKSTREAM', 'ENTRIESREAD', seq)
end
keep(KEYS[1], KEYS[2], held[3], ARGV[2], seq, ARGV[4])
redis.call('HSET', KEYS[1], 'applied', ARGV[2], 'seq', seq)
return 1
