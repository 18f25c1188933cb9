-- room/glance: a room as somebody who belongs to it sees it. Reads only, and is no event.
--
-- KEYS
--    1 room      hash    read    the room's fields
--    2 access    hash    read    user id by role
--    3 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    4 belongs   hash    read    user id by read mark
-- ARGV
--    1 room_id   id of the room
--    2 user      user id
--    3 roles     the user's roles as ",a,b,"
--    4 type      the type that it must have, or empty
--    5 now       the time (ms)
-- RETURNS
--    the room as JSON, or nothing where the user does not belong to it or may not enter it any more
-- USES lib/room lib/sanction lib/staff lib/holds lib/enter lib/level lib/view
local room, user, roles = room_of(KEYS[1]), ARGV[2], ARGV[3]
local role = enter(room, KEYS[2], KEYS[3], user, roles, ARGV[5])
if not role or ARGV[4] ~= '' and ARGV[4] ~= room.type or redis.call('HEXISTS', KEYS[4], user) == 0 then
  return false
end
return view(ARGV[1], room, KEYS[2], level(role, roles) >= 3)
