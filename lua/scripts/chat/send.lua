-- chat/send: add a message to a room and hand it to everyone in the room.
-- One script because the right to write, the message, its log entry and its delivery must agree.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 belongs   hash    read    who belongs, by read mark
--    9 order     stream  write   ids of the room's messages
--   10 messages  hash    write   id by message as JSON, see lib/lines
--   11 index     hash    write   which messages are deleted, in threads, reacted to
--   12 lists     zset    write   reactions and threads, see lib/span
--   13 log       stream  write   what happened; points to the message
--   14 channel   channel publish members' edges
--   15 pace      string  write   when the user wrote, see lib/pace
-- ARGV
--    1-6         see lib/open
--    7 user      user id of the sender
--    8 roles     the sender's roles as ",a,b,"
--    9 room_id   id of the room
--   10 head      the message as JSON up to where `threadId` goes
--   11 body      the same up to where `replyTo` goes
--   12 tail      the rest of it
--   13 reply_to  id of the message that is answered, or empty
--   14 thread_id id of a message in the thread, or of the one that begins it; or empty
--   15 mentions  ids of the users who are mentioned, separated by commas
--   16 history_max, 17 log_max   messages and log entries kept
--   18 excerpt_max   most characters of the answered message that are quoted
--   19 rate_max, 20 rate_window   messages of a user (0: any number) in so many milliseconds
-- RETURNS
--    applied, logged, again, or refused and the code
-- REFUSES
--    not-found   no such room (or not for this user), no such message to answer
--    forbidden muted banned   may not write, or not enter
--    gone        the room is closed, the answered message deleted; a repeat of a request whose message is
--                not kept any more
--    rate-limited   too many messages, or too soon in slow mode
-- ERRORS
--    FENCED REWIND
-- USES admit lib/level lib/silent lib/defer lib/pace lib/publication lib/record lib/message lib/lines
-- USES lib/slots lib/me lib/shown lib/root lib/quote lib/span lib/allot lib/append lib/discard
-- USES lib/unreact lib/trim lib/inform lib/living
local key, order, log, channel, paced = KEYS[5], KEYS[9], KEYS[13], KEYS[14], KEYS[15]
local store = { messages = KEYS[10], index = KEYS[11], lists = KEYS[12] }
local user, roles, room_id = ARGV[7], ARGV[8], ARGV[9]
local reply_to, thread_id, mentions = ARGV[13], ARGV[14], ARGV[15]

local function restore(id)
  local message = message_of(store.messages, id)
  if message then
    return '"result":{"message":' .. shown(store, message, user) .. '}'
  end
  return '"error":{"code":"gone","message":"the message is no longer kept"}'
end

-- The thread in which a message stands, or that it may begin. One whose first message is not kept any
-- more goes on.
local function thread_of(id)
  local message = message_of(store.messages, id)
  if message then
    return root_of(message) or id
  end
  return redis.call('HEXISTS', store.index, 'thread ' .. id) == 1 and id or nil
end

-- What to keep of when the user wrote, or nil and the refusal. Nothing to keep where nothing limits.
local function rate(event, room, role)
  if string.find(roles, ',service,', 1, true) then
    return ''
  end
  local most, window, apart = tonumber(ARGV[19]), tonumber(ARGV[20]), tonumber(room.slow_mode_ms)
  if apart > 0 and level(role, roles) >= 2 then
    apart = 0
  end
  if most == 0 and apart == 0 then
    return ''
  end
  local times, wait = pace(redis.call('GET', paced), event.time, most, window, apart)
  if not times then
    return nil, defer(event, 'you write more often than this room allows', wait)
  end
  -- As text: it is cheaper for Redis than a number.
  return times, apart > window and room.slow_mode_ms or ARGV[20]
end

-- Users who would not find the message are not told of it: the roles of others are not known here.
local function tell_mentioned(event, room)
  local open_to_all = room.visibility == 'public' and room.roles == ''
  local sender, name = string.match(ARGV[10], '"sender":({.-,"name":(".*)"}),"kind":"')
  local title = name .. ' mentioned you in ' .. string.sub(cjson.encode(room.name), 2)
  for mentioned in string.gmatch(mentions, '[^,]+') do
    if mentioned ~= user and not sanction(room, KEYS[7], 'ban', mentioned, event.time)
      and (open_to_all or redis.call('HEXISTS', KEYS[8], mentioned) == 1) then
      inform(event, 'notify', 'user:' .. mentioned, mentioned, '{"userId":"' .. mentioned
        .. '","kind":"mention","title":' .. title .. ',"body":"","data":{"roomId":"' .. room_id
        .. '","messageId":"' .. event.id .. '","sender":' .. sender .. '}}')
    end
  end
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
local quoted, thread, threaded = '', nil, ''
if reply_to ~= '' then
  local answered
  answered, barred = living(event, store, reply_to, 'replyTo')
  if not answered then
    return barred
  end
  quoted = ',"replyTo":' .. quote(answered, reply_to, tonumber(ARGV[18]))
end
if thread_id ~= '' then
  thread = thread_of(thread_id)
  if not thread then
    return refuse(event, 'not-found', 'there is no such message in the room', 'threadId')
  end
  threaded = ',"threadId":"' .. thread .. '"'
end
local times, kept_for = rate(event, room, role)
if not times then
  return kept_for
end

local message = ARGV[10] .. threaded .. ARGV[11] .. quoted .. ARGV[12]
trim(order, store, ARGV[16] - 1)
redis.call('XADD', order, event.id, 'by', user)
redis.call('HSET', store.messages, event.id, message)
if thread then
  local list = redis.call('HGET', store.index, 'thread ' .. thread)
  if not list then
    list = allot(store)
    redis.call('HSET', store.index, 'thread ' .. thread, list)
  end
  append(store.lists, list, event.id)
end
if times ~= '' then
  redis.call('SET', paced, times, 'PX', kept_for)
end
if mentions ~= '' then
  tell_mentioned(event, room)
end
record(event, { key = key, log = log, channel = channel, max = ARGV[17] }, room.last, '', {
  'all', '["message-received",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","message":' .. message .. '}]',
}, { 'message-received', event.id })
return succeed(event, '"result":{"message":' .. message .. '}', '@' .. event.id)
