-- room/remove: put a user out of the room, and off its access list. Who may enter without it may come back.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    write   user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 members   zset    write   present users by time of joining
--    9 presence  hash    write   user id by member as JSON
--   10 connections hash  write   user id by the connections that joined
--   11 belongs   hash    write   user id by read mark
--   12 log       stream  write   what happened
--   13 channel   channel publish members' edges
--   14 due       zset    write   ticks of large rooms, and when a room without anyone is looked at
--   15 gathered  hash    write   who came to a large room and who went
-- ARGV
--    1-6         see lib/open
--    7 user      user id of who moderates
--    8 roles     their roles as ",a,b,"
--    9 room_id   id of the room
--   10 target    id of who is removed
--   11 message   why, as JSON text, or empty: for the one who is removed
--   12 log_max   entries kept in the log
--   13 idle_ms   how long a room without anyone is kept
--   14 above     members of a room that is not large
--   15 tick      the event that tells a large room, as JSON
-- RETURNS
--    applied, logged, again, or refused and the code
-- REFUSES
--    not-found   there is no such room, or no such user in it
--    banned gone   it is closed, or not for this user
--    forbidden   who does not moderate, or not this user; conflict   the user owns the room
-- ERRORS
--    FENCED REWIND
-- USES admit lib/level lib/standing lib/unfit lib/outranks lib/person lib/publication lib/record
-- USES lib/inform lib/exited lib/depart lib/farewell lib/tick lib/crowd lib/look lib/idle lib/expel
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, access, members, belongs = KEYS[5], KEYS[6], KEYS[8], KEYS[11]
local user, roles, room_id, target = ARGV[7], ARGV[8], ARGV[9], ARGV[10]

local room = room_of(key)
local role, barred = admit(event, room, access, KEYS[7], user, roles)
if not role then
  return barred
end
local refused = outranks(event, room, access, level(role, roles), user, target)
if refused then
  return refused
elseif room.owner == target then
  return refuse(event, 'conflict', 'the user owns the room', 'userId')
elseif not redis.call('ZSCORE', members, target) and redis.call('HEXISTS', belongs, target) == 0
  and redis.call('HEXISTS', access, target) == 0 then
  return refuse(event, 'not-found', 'the user is not in the room', 'userId')
end

redis.call('HDEL', access, target)
local place = { id = room_id, key = key, log = KEYS[12], channel = KEYS[13], max = ARGV[12] }
local who = { id = target, json = person(KEYS[9], target) }
local keys = {
  members = members, presence = KEYS[9], connections = KEYS[10], belongs = belongs, access = access,
  gathered = KEYS[15], due = KEYS[14], above = ARGV[14], tick = ARGV[15], idle_ms = ARGV[13],
}
expel(event, place, room, who, keys, 'removed', {}, ARGV[11] ~= '' and ',"message":' .. ARGV[11])
return succeed(event, '"result":{"roomId":"' .. room_id .. '","userId":"' .. target .. '"}')
