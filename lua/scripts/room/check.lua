-- room/check: which entry is the newest in the logs of some rooms, and of which history that is. How an edge
-- finds out whether its rooms missed something, or saw something that was lost.
--
-- KEYS
--    1 position  hash    read    the partition's term, and where its history was cut
--    2…          the rooms' hashes
-- ARGV
-- RETURNS
--    term, cuts, then for each room the newest entry's id, or nothing where there is no room
-- USES
local held = redis.call('HMGET', KEYS[1], 'term', 'cuts')
local list = { held[1] or '0', held[2] or '' }
for n, room in ipairs({ unpack(KEYS, 2) }) do
  list[n + 2] = redis.call('HGET', room, 'last') or ''
end
return list
