-- chat/mark: a user has read a room up to a message. A mark only goes forward.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    read    the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 belongs   hash    write   who belongs, by read mark
--    9 order     stream  read    ids of the room's messages, `by` whom
--   10 messages  hash    read    id by message as JSON
--   11 index     hash    read    which messages are deleted
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 roles     the user's roles as ",a,b,"
--    9 room_id   id of the room
--   10 message   id of the newest message that was read
--   11 told      payload of what the user's other connections are told
--   12 shown_max, 13 read_max   most unread messages that are counted, and looked at
-- RETURNS
--    applied, again, or refused and the code
-- REFUSES
--    not-found   no such room (or not for this user), no such message in it
--    forbidden   the user does not belong to the room
--    banned gone   may not enter, closed
-- ERRORS
--    FENCED REWIND
-- USES admit lib/inform lib/unread
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local belongs, order, index, user, id = KEYS[8], KEYS[9], KEYS[11], ARGV[7], ARGV[10]
local room = room_of(KEYS[5])
local role, barred = admit(event, room, KEYS[6], KEYS[7], user, ARGV[8])
if not role then
  return barred
end
local mark = redis.call('HGET', belongs, user)
if not mark then
  return refuse(event, 'forbidden', 'marks are for rooms that one belongs to', 'roomId')
elseif redis.call('HEXISTS', KEYS[10], id) == 0 then
  return refuse(event, 'not-found', 'there is no such message in the room', 'messageId')
end

if later(id, mark) then
  mark = id
  redis.call('HSET', belongs, user, mark)
  inform(event, 'tell-user', 'user:' .. user, user, ARGV[11])
end
return succeed(event, '"result":{"roomId":"' .. ARGV[9] .. '","unread":'
  .. unread(order, index, user, mark, tonumber(ARGV[12]), tonumber(ARGV[13])) .. '}')
