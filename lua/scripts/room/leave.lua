-- room/leave: a user leaves a room, with all connections, and belongs to it no more, unless as its owner
-- or by its access list.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 members   zset    write   present users by time of joining
--    9 presence  hash    write   user id by member as JSON
--   10 connections hash  write   user id by the connections that joined
--   11 belongs   hash    write   who belongs, by the read mark
--   12 gathered  hash    write   who came to a large room and who went
--   13 due       zset    write   ticks of large rooms, and when a room without anyone is looked at
--   14 seats     zset    write   the edge's connections
--   15 log       stream  write   what happened
--   16 channel   channel publish members' edges
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 name      the user's name as JSON text
--    9 roles     the user's roles as ",a,b,"
--   10 room_id   id of the room
--   11 seat      the connection in the room as a member of seats
--   12 above     members of a room that is not large
--   13 tick      the event that tells a large room, as JSON
--   14 log_max   entries kept in the log
--   15 idle_ms   how long a room without anyone is kept
-- RETURNS
--    applied, logged, again, or refused and the code
-- REFUSES
--    not-found forbidden banned gone   there is no such room (any more), or not for this user
-- ERRORS
--    FENCED REWIND
-- USES admit lib/publication lib/record lib/inform lib/exited lib/depart lib/farewell lib/tick lib/crowd
-- USES lib/look lib/idle
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local access, belongs = KEYS[6], KEYS[11]
local user, room_id = ARGV[7], ARGV[10]
local place = {
  id = room_id, key = KEYS[5], members = KEYS[8], presence = KEYS[9], connections = KEYS[10],
  gathered = KEYS[12], due = KEYS[13], log = KEYS[15], channel = KEYS[16],
  above = ARGV[12], tick = ARGV[13], max = ARGV[14],
}

local room = room_of(place.key)
local present = room and redis.call('ZSCORE', place.members, user)
local belonging = room and redis.call('HEXISTS', belongs, user) == 1
-- Of a closed room, who belonged is told by and by.
if not present and not belonging or room.closed_at then
  local role, barred = admit(event, room, access, KEYS[7], user, ARGV[9])
  if not role then
    return barred
  end
end

-- Of the user's other connections, the index may keep what is not so any more: it is only read when an
-- edge is lost, and then found to be nothing.
redis.call('ZREM', KEYS[14], ARGV[11])
local stays = room.owner == user or room.listed == '1' and redis.call('HEXISTS', access, user) == 1
local belonged = not stays and redis.call('HDEL', belongs, user) == 1
if present then
  local who = { id = user, json = '{"id":"' .. user .. '","name":' .. ARGV[8] .. '}' }
  local frames = { 'user:' .. user, '["room-left",{"roomId":"' .. room_id .. '","reason":"left"}]' }
  depart(event, frames, room_id, place, who)
  if not crowd(event, place, 'left', who) then
    farewell(event, frames, room_id, place.members, who, 'left')
  end
  record(event, place, room.last, '', frames)
end
if present or belonged then
  exited(event, room_id, user, true, belonged, false)
  idle(event, place.due, room_id, place.members, belongs, ARGV[15])
end
return succeed(event, '"result":{"roomId":"' .. room_id .. '"}')
