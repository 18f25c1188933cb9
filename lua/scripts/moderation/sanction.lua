-- moderation/sanction: mute or ban a user. A ban puts the user out and ends belonging; what the access
-- list says stays, for when the ban is over.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    write   `ban <user>` and `mute <user>` by sanction as JSON
--    8 members   zset    write   present users by time of joining
--    9 presence  hash    write   user id by member as JSON
--   10 connections hash  write   user id by the connections that joined
--   11 belongs   hash    write   user id by read mark
--   12 log       stream  write   what happened
--   13 channel   channel publish members' edges
--   14 gathered  hash    write   who came to a large room and who went
--   15 due       zset    write   ticks of large rooms, and when a room without anyone is looked at
-- ARGV
--    1-6         see lib/open
--    7 user      user id of who moderates
--    8 by        the same as `{id, name}`
--    9 roles     their roles as ",a,b,"
--   10 room_id   id of the room
--   11 kind      `mute` or `ban`
--   12 target    id of the user whom it concerns
--   13 duration  milliseconds, or empty for ever
--   14 reason    JSON text, or empty
--   15 log_max   entries kept in the log
--   16 above     members of a room that is not large
--   17 tick      the event that tells a large room, as JSON
--   18 idle_ms   how long a room without anyone is kept
-- RETURNS
--    logged, again, or refused and the code
-- REFUSES
--    not-found banned gone   there is no such room (any more), or not for this user
--    forbidden   who does not moderate, or not this user
-- ERRORS
--    FENCED REWIND
-- USES admit lib/level lib/standing lib/unfit lib/outranks lib/person lib/impose lib/ending
-- USES lib/publication lib/record lib/inform lib/exited lib/depart lib/farewell lib/tick lib/crowd
-- USES lib/look lib/idle lib/expel
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, access, sanctions = KEYS[5], KEYS[6], KEYS[7]
local user, by, roles, room_id, kind = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
local target, reason = ARGV[12], ARGV[14]
local room = room_of(key)
local role, barred = admit(event, room, access, sanctions, user, roles)
if not role then
  return barred
end
local refused = outranks(event, room, access, level(role, roles), user, target)
if refused then
  return refused
end

local ends = ending(event, ARGV[13])
local place = { id = room_id, key = key, log = KEYS[12], channel = KEYS[13], max = ARGV[15] }
local who = { id = target, json = person(KEYS[9], target) }
local told = impose(event, key, sanctions, room_id, kind, who, by, ends, reason)
if kind == 'ban' then
  local keys = {
    members = KEYS[8], presence = KEYS[9], connections = KEYS[10], belongs = KEYS[11], access = access,
    gathered = KEYS[14], due = KEYS[15], above = ARGV[16], tick = ARGV[17], idle_ms = ARGV[18],
  }
  expel(event, place, room, who, keys, 'banned', told)
else
  record(event, place, room.last, '', told)
end
local till = ends ~= '' and ',"until":' .. ends or ''
return succeed(event, '"result":{"roomId":"' .. room_id .. '","userId":"' .. target .. '"' .. till .. '}')
