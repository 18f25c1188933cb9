-- chat/delete: take away what a message says; a tombstone stays. Who is muted may still take back what
-- they said.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 messages  hash    write   id by message as JSON
--    9 index     hash    write   which messages are deleted, in threads, reacted to
--   10 lists     zset    write   reactions
--   11 log       stream  write   what happened
--   12 channel   channel publish members' edges
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 by        the same as `{id, name}`
--    9 roles     the user's roles as ",a,b,"
--   10 room_id   id of the room
--   11 message   id of the message
--   12 log_max   entries kept in the log
-- RETURNS
--    logged, again, or refused and the code
-- REFUSES
--    not-found   no such room (or not for this user), no such message in it
--    forbidden banned   another's message, of who does not moderate; may not enter
--    gone        the room is closed, the message deleted already
-- ERRORS
--    FENCED REWIND
-- USES admit lib/level lib/publication lib/record lib/message lib/author lib/span lib/discard
-- USES lib/unreact lib/erase
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, user, roles, room_id, id = KEYS[5], ARGV[7], ARGV[9], ARGV[10], ARGV[11]
local store = { messages = KEYS[8], index = KEYS[9], lists = KEYS[10] }
local room = room_of(key)
local role, barred = admit(event, room, KEYS[6], KEYS[7], user, roles)
if not role then
  return barred
end
local message = message_of(store.messages, id)
if not message then
  return refuse(event, 'not-found', 'there is no such message in the room', 'messageId')
elseif author_of(message) ~= user and level(role, roles) < 2 then
  return refuse(event, 'forbidden', 'this is for who wrote the message and who moderates', 'messageId')
elseif redis.call('HEXISTS', store.index, 'deleted ' .. id) == 1 then
  return refuse(event, 'gone', 'the message is deleted already', 'messageId')
end

local place = { key = key, log = KEYS[11], channel = KEYS[12], max = ARGV[12] }
record(event, place, room.last, '', erase(event, store, room_id, id, ARGV[8]))
return succeed(event, '"result":{"messageId":"' .. id .. '"}')
