-- lease/attempt: count that an event is tried which may be what ended the owner before, before it is tried.
--
-- KEYS
--    1 position  hash    write   who owns the partition; `attempt` is the event that was tried last of such
--                                and how often
-- ARGV
--    1 fence     the owner's fence
--    2 id        the event
-- RETURNS
--    how often it is tried now, this time included
-- ERRORS
--    FENCED
-- USES
local held = redis.call('HMGET', KEYS[1], 'fence', 'attempt')
if held[1] ~= ARGV[1] then
  return redis.error_reply('FENCED another worker owns the partition')
end
local id, before = string.match(held[2] or '', '^(%S+) (%d+)$')
local count = id == ARGV[2] and before + 1 or 1
redis.call('HSET', KEYS[1], 'attempt', ARGV[2] .. ' ' .. string.format('%d', count))
return count
