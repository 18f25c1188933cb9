-- user/unread: in which rooms unread messages are to be counted: those that are named, or the newest that
-- the user belongs to. The worker counts, as rooms are in other partitions.
--
-- KEYS
--    1-4         see lib/open
--    5 rooms     zset    read    rooms that the user belongs to, by the time it began
-- ARGV
--    1-6         see lib/open
--    7 most      rooms where none are named
--    8 named     1 if the rest are the rooms
--    9… rooms    their ids
-- RETURNS
--    gather, and the ids of the rooms
-- ERRORS
--    FENCED REWIND
-- USES open
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local rooms = { unpack(ARGV, 9) }
if ARGV[8] ~= '1' then
  rooms = redis.call('ZREVRANGE', KEYS[5], 0, ARGV[7] - 1)
end
finish(event)
return { 'gather', unpack(rooms) }
