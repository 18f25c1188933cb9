-- room/typing: tell the others in the room who is typing. Not logged: it is over soon.
--
-- KEYS
--    1-3         see lib/open
--    4 room      hash    read    the room's fields
--    5 access    hash    read    user id by role
--    6 connections hash  read    user id by the connections that joined
--    7 channel   channel publish members' edges
-- ARGV
--    1-5         see lib/open
--    6 user      user id
--    7 roles     the user's roles as ",a,b,"
--    8 told      the publication as JSON
-- RETURNS
--    applied, or refused and the code
-- REFUSES
--    not-found   there is no such room, or not for this user; forbidden   the user is not present
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open lib/succeed lib/refuse lib/room lib/enter lib/bar
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local user = ARGV[6]

local room = room_of(KEYS[4])
local role, barred = nil, 'not-found'
if room then
  role, barred = enter(room, KEYS[5], user, ARGV[7])
end
if not role then
  return bar(event, barred)
end
if redis.call('HEXISTS', KEYS[6], user) == 0 then
  return refuse(event, 'forbidden', 'join the room first', 'roomId')
end

local outcome = succeed(event, '"result":{}')
redis.call('SPUBLISH', KEYS[7], ARGV[8])
return outcome
