-- chat/edit: give a message of one's own other words. Its id, its time and who it mentions stay.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 messages  hash    write   id by message as JSON
--    9 index     hash    read    which messages are deleted, in threads, reacted to
--   10 lists     zset    read    reactions
--   11 log       stream  write   what happened; points to the message
--   12 channel   channel publish members' edges
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 roles     the user's roles as ",a,b,"
--    9 room_id   id of the room
--   10 message   id of the message
--   11 content   what it says from now on, as JSON text
--   12 log_max   entries kept in the log
--   13 edit_ms   how long after it was sent a message may be edited
-- RETURNS
--    logged, again, or refused and the code
-- REFUSES
--    not-found   no such room (or not for this user), no such message in it
--    forbidden muted banned   may not write, or not enter; another's message, or too old
--    gone        the room is closed, the message deleted or, in a repeat, not kept any more
-- ERRORS
--    FENCED REWIND
-- USES admit lib/silent lib/publication lib/record lib/message lib/lines lib/author lib/slots lib/me
-- USES lib/shown lib/living
local key, user, roles, room_id, id = KEYS[5], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local store = { messages = KEYS[8], index = KEYS[9], lists = KEYS[10] }
local function restore()
  local message = message_of(store.messages, id)
  if message then
    return '"result":{"message":' .. shown(store, message, user) .. '}'
  end
  return '"error":{"code":"gone","message":"the message is no longer kept"}'
end
local event, stop = open(KEYS, ARGV, restore)
if stop then
  return stop
end
local room = room_of(key)
local role, barred = admit(event, room, KEYS[6], KEYS[7], user, roles)
barred = barred or silent(event, room, role, KEYS[7], user)
if barred then
  return barred
end
local message
message, barred = living(event, store, id, 'messageId')
if not message then
  return barred
elseif author_of(message) ~= user then
  return refuse(event, 'forbidden', 'only who wrote a message edits it', 'messageId')
elseif event.time - string.match(id, '^%d+') > tonumber(ARGV[13]) then
  return refuse(event, 'forbidden', 'the message is too old to be edited', 'messageId')
end

local head, _, rest, reactions, times = lines_of(message)
times = string.match(times, '^,"createdAt":%d+') .. ',"editedAt":' .. event.time .. '}'
message = table.concat({ head, ARGV[11], rest, reactions, times }, '\n')
redis.call('HSET', store.messages, id, message)
record(event, { key = key, log = KEYS[11], channel = KEYS[12], max = ARGV[12] }, room.last, '', {
  'all', '["message-edited",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","message":'
    .. shown(store, message) .. '}]',
}, { 'message-edited', id })
return succeed(event, '"result":{"message":' .. shown(store, message, user) .. '}', '@' .. id)
