-- chat/react: set a user's reaction to a message, or take it away. What is so already changes nothing and
-- is told to nobody.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 messages  hash    write   id by message as JSON
--    9 index     hash    write   which messages are deleted, in threads, reacted to
--   10 lists     zset    write   reactions, see lib/span
--   11 log       stream  write   what happened; points to the message
--   12 channel   channel publish members' edges
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 roles     the user's roles as ",a,b,"
--    9 room_id   id of the room
--   10 message   id of the message
--   11 emoji     as JSON text
--   12 on        1 to set, 0 to take away
--   13 log_max   entries kept in the log
--   14 emoji_max most emoji of one message
-- RETURNS
--    applied, logged, again, or refused and the code
-- REFUSES
--    not-found   no such room (or not for this user), no such message in it
--    forbidden muted banned   may not write, or not enter
--    gone        the room is closed, the message deleted or, in a repeat, not kept any more
--    conflict    one emoji too many
-- ERRORS
--    FENCED REWIND
-- USES admit lib/silent lib/publication lib/record lib/message lib/lines lib/slots lib/span lib/allot
-- USES lib/append lib/discard lib/reactions lib/me lib/living
local key, user, room_id, id, emoji = KEYS[5], ARGV[7], ARGV[9], ARGV[10], ARGV[11]
local store = { messages = KEYS[8], index = KEYS[9], lists = KEYS[10] }
local function result(message)
  local _, _, _, reactions = lines_of(message)
  return '"result":{"reactions":' .. with_me(store, id, reactions, user) .. '}'
end
local function restore()
  local message = message_of(store.messages, id)
  if message then
    return result(message)
  end
  return '"error":{"code":"gone","message":"the message is no longer kept"}'
end
local event, stop = open(KEYS, ARGV, restore)
if stop then
  return stop
end
local room = room_of(key)
local role, barred = admit(event, room, KEYS[6], KEYS[7], user, ARGV[8])
barred = barred or silent(event, room, role, KEYS[7], user)
if barred then
  return barred
end
local message
message, barred = living(event, store, id, 'messageId')
if not message then
  return barred
end
local slots, at = slots_of(store.index, id), nil
for n, slot in ipairs(slots) do
  at = slot.emoji == emoji and n or at
end
local is_on = at and redis.call('ZSCORE', store.lists, slots[at].list .. ' ' .. user)
if (ARGV[12] == '1') == (is_on and true or false) then
  return succeed(event, result(message), '@' .. id)
elseif not at and #slots >= tonumber(ARGV[14]) then
  return refuse(event, 'conflict', 'the message has as many emoji as it may have', 'emoji')
end

-- The emoji's place among the message's, which ends with the last who has it.
local function set()
  if not at then
    at = #slots + 1
    slots[at] = { emoji = emoji, list = allot(store) }
  end
  append(store.lists, slots[at].list, user)
end
local function unset()
  local list = slots[at].list
  redis.call('ZREM', store.lists, list .. ' ' .. user)
  if redis.call('ZCOUNT', store.lists, span(list)) == 0 then
    discard(store.lists, list)
    table.remove(slots, at)
  end
end
if is_on then
  unset()
else
  set()
end
local held = {}
for n, slot in ipairs(slots) do
  held[n] = slot.emoji .. ' ' .. slot.list
end
if #held > 0 then
  redis.call('HSET', store.index, 'emoji ' .. id, table.concat(held, ' '))
else
  redis.call('HDEL', store.index, 'emoji ' .. id)
end
local reactions = reactions_of(store.lists, slots)
local head, content, rest, _, times = lines_of(message)
message = table.concat({ head, content, rest, reactions, times }, '\n')
redis.call('HSET', store.messages, id, message)
record(event, { key = key, log = KEYS[11], channel = KEYS[12], max = ARGV[13] }, room.last, '', {
  'all', '["message-reaction",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","messageId":"' .. id
    .. '","reactions":' .. reactions .. '}]',
}, { 'message-reaction', id })
return succeed(event, result(message), '@' .. id)
