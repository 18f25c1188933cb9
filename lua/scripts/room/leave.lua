-- room/leave: a user leaves a room for good, with all connections.
--
-- KEYS
--    1-3         see lib/open
--    4 room      hash    write   the room's fields
--    5 access    hash    read    user id by role
--    6 members   zset    write   present users by time of joining
--    7 presence  hash    write   user id by member as JSON
--    8 connections hash  write   user id by the connections that joined
--    9 belongs   zset    write   who belongs
--   10 log       stream  write   what happened
--   11 channel   channel publish members' edges
-- ARGV
--    1-5         see lib/open
--    6 user      user id
--    7 name      the user's name as JSON text
--    8 roles     the user's roles as ",a,b,"
--    9 room_id   id of the room
--   10 log_max   entries kept in the log
-- RETURNS
--    applied, logged, again, or refused and the code
-- REFUSES
--    not-found forbidden   there is no such room, or not for this user
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open lib/succeed lib/refuse lib/room lib/enter lib/bar
-- USES lib/publication lib/record lib/leave
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, access, members, presence, connections = KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local belongs, log, channel = KEYS[9], KEYS[10], KEYS[11]
local user, name, roles, room_id, log_max = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]

local room = room_of(key)
if not room then
  return bar(event, 'not-found')
end
local present = redis.call('ZSCORE', members, user)
if not present and not redis.call('ZSCORE', belongs, user) then
  local role, barred = enter(room, access, user, roles)
  if not role then
    return bar(event, barred)
  end
end

redis.call('ZREM', belongs, user)
redis.call('HDEL', connections, user)
if present then
  local place = { id = room_id, key = key, log = log, channel = channel, max = log_max }
  local who = { id = user, json = '{"id":"' .. user .. '","name":' .. name .. '}' }
  leave(event, place, room.last, who, members, presence, 'left', {
    'user:' .. user, '["room-left",{"roomId":"' .. room_id .. '","reason":"left"}]',
  })
end
return succeed(event, '"result":{"roomId":"' .. room_id .. '"}')
