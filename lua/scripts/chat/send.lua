-- chat/send: add a message to a room and hand it to everyone in the room.
-- One script because the right to write, the message, its log entry and its delivery must agree.
--
-- KEYS
--    1-3         see lib/open
--    4 room      hash    write   the room's fields
--    5 access    hash    read    user id by role
--    6 messages  stream  write   the room's messages
--    7 log       stream  write   what happened; points to the message
--    8 channel   channel publish members' edges
--    9 thread    stream  write   ids of the thread's messages
-- ARGV
--    1-5         see lib/open
--    6 user      user id of the sender
--    7 roles     the sender's roles as ",a,b,"
--    8 room_id   id of the room
--    9 head      the message as JSON up to where `replyTo` goes
--   10 tail      the rest of it
--   11 reply_to  id of the message that is answered, or empty
--   12 thread_id id of the message that began the thread, or empty
--   13 history_max, 14 log_max   messages and log entries kept
--   15 excerpt_max   most characters of the answered message that are quoted
-- RETURNS
--    applied, logged, again, or refused and the code
-- REFUSES
--    not-found   no such room (or not for this user), no such message to answer
--    forbidden   the sender may only read
--    gone        a repeat of a request whose message is not kept any more
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open lib/succeed lib/refuse lib/room lib/enter lib/bar
-- USES lib/publication lib/record lib/message lib/quote
local key, access, messages, log, channel, thread = KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local function restore(id)
  local message = message_of(messages, id)
  if message then
    return '"result":{"message":' .. message .. '}'
  end
  return '"error":{"code":"gone","message":"the message is no longer kept"}'
end
local event, stop = open(KEYS, ARGV, restore)
if stop then
  return stop
end
local user, roles, room_id, head, tail = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local reply_to, thread_id = ARGV[11], ARGV[12]
local history_max, log_max, excerpt_max = ARGV[13], ARGV[14], tonumber(ARGV[15])

local room = room_of(key)
local role, barred = nil, 'not-found'
if room then
  role, barred = enter(room, access, user, roles)
end
if not role then
  return bar(event, barred)
end
if role == 'viewer' then
  return refuse(event, 'forbidden', 'you may read this room, not write to it', 'roomId')
end
local quoted = ''
if reply_to ~= '' then
  local answered = message_of(messages, reply_to)
  if not answered then
    return refuse(event, 'not-found', 'there is no such message in the room', 'replyTo')
  end
  quoted = ',"replyTo":' .. quote(answered, excerpt_max)
end
if thread_id ~= '' and not message_of(messages, thread_id) then
  return refuse(event, 'not-found', 'there is no such message in the room', 'threadId')
end

local message = head .. quoted .. tail
redis.call('XADD', messages, 'MAXLEN', '=', history_max, event.id, 'message', message)
if thread_id ~= '' then
  redis.call('XADD', thread, 'MAXLEN', '=', history_max, event.id, 'in', thread_id)
end
record(event, { key = key, log = log, channel = channel, max = log_max }, room.last, '', {
  'all', '["message-received",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","message":' .. message .. '}]',
}, { 'message-received', event.id })
return succeed(event, '"result":{"message":' .. message .. '}', '@' .. event.id)
