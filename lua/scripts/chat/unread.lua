-- chat/unread: how many messages wait for a user in a room, for `get-unread`. Reads only.
--
-- KEYS
--    1 room      hash    read    the room's fields
--    2 access    hash    read    user id by role
--    3 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    4 belongs   hash    read    who belongs, by read mark
--    5 order     stream  read    ids of the room's messages, `by` whom
--    6 index     hash    read    which messages are deleted
-- ARGV
--    1 user      user id
--    2 roles     the user's roles as ",a,b,"
--    3 now       time of the event that asks (ms)
--    4 shown_max, 5 read_max   most unread messages that are counted, and looked at
-- RETURNS
--    the number; nil where the user does not belong to the room, or may not enter it
-- USES lib/room lib/sanction lib/staff lib/holds lib/enter lib/unread
local mark = redis.call('HGET', KEYS[4], ARGV[1])
if not mark or not enter(room_of(KEYS[1]), KEYS[2], KEYS[3], ARGV[1], ARGV[2], ARGV[3]) then
  return nil
end
return unread(KEYS[5], KEYS[6], ARGV[1], mark, tonumber(ARGV[4]), tonumber(ARGV[5]))
