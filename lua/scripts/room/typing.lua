-- room/typing: tell the others in the room who is typing. Not logged: it is over soon. In a large room
-- nobody is told.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    read    the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 connections hash  read    user id by the connections that joined
--    9 members   zset    read    present users
--   10 channel   channel publish members' edges
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 roles     the user's roles as ",a,b,"
--    9 above     members of a room that is not large
--   10 told      the publication as JSON
-- RETURNS
--    applied, or refused and the code
-- REFUSES
--    not-found banned gone   there is no such room (any more), or not for this user
--    forbidden   not for this user, who is not present or may not write; muted   nor now
-- ERRORS
--    FENCED REWIND
-- USES admit lib/silent
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local user = ARGV[7]

local room = room_of(KEYS[5])
local role, barred = admit(event, room, KEYS[6], KEYS[7], user, ARGV[8])
if not role then
  return barred
end
if redis.call('HEXISTS', KEYS[8], user) == 0 then
  return refuse(event, 'forbidden', 'join the room first', 'roomId')
end
local silenced = silent(event, room, role, KEYS[7], user)
if silenced then
  return silenced
end

local outcome = succeed(event, '"result":{}')
if redis.call('ZCARD', KEYS[9]) <= tonumber(ARGV[9]) then
  tell(event, KEYS[10], ARGV[10])
end
return outcome
