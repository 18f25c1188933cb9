-- directory/list: a public room was made, or looks otherwise than before.
--
-- KEYS
--    1-4         see lib/open
--    5 views     hash    write   room id by the room as JSON, `roles <room>` by the roles that narrow it
--    6 all       zset    write   ids of public rooms by when they were made
--    7…          the same for each type
-- ARGV
--    1-6         see lib/open
--    7 room_id   id of the room
--    8 view      the room as JSON
--    9 roles     comma separated roles that narrow it, or empty
--   10 created   when it was made (ms)
--   11 type      number of its type's key
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local views, room_id, own = KEYS[5], ARGV[7], tonumber(ARGV[11])
redis.call('HSET', views, room_id, ARGV[8])
if ARGV[9] ~= '' then
  redis.call('HSET', views, 'roles ' .. room_id, ARGV[9])
else
  redis.call('HDEL', views, 'roles ' .. room_id)
end
redis.call('ZADD', KEYS[6], ARGV[10], room_id)
for n, list in ipairs({ unpack(KEYS, 7) }) do
  if n == own then
    redis.call('ZADD', list, ARGV[10], room_id)
  else
    redis.call('ZREM', list, room_id)
  end
end
return succeed(event, '"result":{}')
