-- room/close: end a room for everyone. Who belongs to it is told by room/idle, so many at a time.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 members   zset    write   present users by time of joining
--    9 presence  hash    write   user id by member as JSON
--   10 connections hash  write   user id by the connections that joined
--   11 gathered  hash    write   who came and went
--   12 log       stream  write   what happened
--   13 channel   channel publish members' edges
--   14 due       zset    write   when room/idle goes on
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 roles     the user's roles as ",a,b,"
--    9 room_id   id of the room
--   10 log_max   entries kept in the log
-- RETURNS
--    logged, again, or refused and the code
-- REFUSES
--    not-found banned gone   there is no such room (any more), or not for this user
--    forbidden   the user is neither the owner nor an admin
-- ERRORS
--    FENCED REWIND
-- USES admit lib/inform lib/level lib/view lib/publication lib/record lib/listing lib/exited lib/look
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, access, user, roles, room_id = KEYS[5], KEYS[6], ARGV[7], ARGV[8], ARGV[9]

local room = room_of(key)
local role, barred = admit(event, room, access, KEYS[7], user, roles)
if not role then
  return barred
elseif level(role, roles) < 3 then
  return refuse(event, 'forbidden', 'this is for the owner of the room', 'roomId')
end

redis.call('HSET', key, 'closedAt', event.time)
redis.call('UNLINK', KEYS[8], KEYS[9], KEYS[10], KEYS[11])
record(event, { key = key, log = KEYS[12], channel = KEYS[13], max = ARGV[10] }, room.last, '', {
  'all', '["room-closed",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '"}]',
  'exit', '*',
})
send(event, 'lifecycle', 'event', 'room-closed', 'room', room_id, 'at', event.time)
if room.owner ~= '' then
  exited(event, room_id, room.owner, true, true, true)
end
if room.visibility == 'public' then
  list(event, room_id, room_of(key))
end
look(KEYS[14], room_id, event.time)
return succeed(event, '"result":{"roomId":"' .. room_id .. '"}')
