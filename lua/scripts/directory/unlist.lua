-- directory/unlist: a room is not public any more, or not there.
--
-- KEYS
--    1-4         see lib/open
--    5 views     hash    write   room id by the room as JSON, `roles <room>` by the roles that narrow it
--    6…          zsets   write   ids of public rooms by when they were made, all and of each type
-- ARGV
--    1-6         see lib/open
--    7 room_id   id of the room
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
redis.call('HDEL', KEYS[5], ARGV[7], 'roles ' .. ARGV[7])
for _, list in ipairs({ unpack(KEYS, 6) }) do
  redis.call('ZREM', list, ARGV[7])
end
return succeed(event, '"result":{}')
