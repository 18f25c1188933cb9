-- room/expire: the grace after a user's last connection is over.
--
-- KEYS
--    1-3         see lib/open
--    4 room      hash    write   the room's fields
--    5 members   zset    write   present users by time of joining
--    6 presence  hash    write   user id by member as JSON
--    7 connections hash  read    user id by the connections that joined
--    8 log       stream  write   what happened
--    9 channel   channel publish members' edges
-- ARGV
--    1-5         see lib/open
--    6 user      user id
--    7 room_id   id of the room
--    8 log_max   entries kept in the log
-- RETURNS
--    applied or logged
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open lib/succeed lib/room lib/publication lib/record lib/leave
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, members, presence, connections = KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local log, channel = KEYS[8], KEYS[9]
local user, room_id, log_max = ARGV[6], ARGV[7], ARGV[8]

local room = room_of(key)
local gone = room and redis.call('ZSCORE', members, user)
  and redis.call('HEXISTS', connections, user) == 0
if gone then
  local place = { id = room_id, key = key, log = log, channel = channel, max = log_max }
  local name = cjson.encode(cjson.decode(redis.call('HGET', presence, user)).name)
  local who = { id = user, json = '{"id":"' .. user .. '","name":' .. name .. '}' }
  leave(event, place, room.last, who, members, presence, 'disconnected')
end
return succeed(event, '"result":{}')
