-- moderation/report: show a message to those who moderate, as it is now. Whoever reports a message again
-- gets the first report.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 messages  hash    read    id by message as JSON
--    9 index     hash    read    which messages are deleted
--   10 reports   hash    write   id by report as JSON; `by <user> <message>` by id; `count`
--   11 all       zset    write   ids of all reports, numbered
--   12 waiting   zset    write   ids of the open ones
--   13 log       stream  write   what happened
--   14 channel   channel publish members' edges
-- ARGV
--    1-6         see lib/open
--    7 user      user id of the reporter
--    8 reporter  the same as `{id, name}`
--    9 roles     their roles as ",a,b,"
--   10 room_id   id of the room
--   11 message   id of the message
--   12 reason    what is wrong with it, in a word
--   13 comment   JSON text, or empty
--   14 log_max   entries kept in the log
--   15 reports_max  reports kept; the oldest go first
-- RETURNS
--    applied, logged, again, or refused and the code
-- REFUSES
--    forbidden banned   not for this user
--    not-found   there is no such room (or not for this user), or no such message in it
--    gone        the room is closed, the message deleted
-- ERRORS
--    FENCED REWIND
-- USES admit lib/publication lib/record lib/message lib/living
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local reports, user, room_id, message_id = KEYS[10], ARGV[7], ARGV[10], ARGV[11]
local room = room_of(KEYS[5])
local role, barred = admit(event, room, KEYS[6], KEYS[7], user, ARGV[9])
if not role then
  return barred
end
local message
message, barred = living(event, { messages = KEYS[8], index = KEYS[9] }, message_id, 'messageId')
if not message then
  return barred
end
local before = redis.call('HGET', reports, 'by ' .. user .. ' ' .. message_id)
if before then
  return succeed(event, '"result":{"reportId":"' .. before .. '"}')
end

local function forget_oldest()
  local oldest = redis.call('ZRANGE', KEYS[11], 0, 0)[1]
  local report = cjson.decode(redis.call('HGET', reports, oldest))
  redis.call('HDEL', reports, oldest, 'by ' .. report.reporter.id .. ' ' .. report.messageId)
  redis.call('ZREM', KEYS[11], oldest)
  redis.call('ZREM', KEYS[12], oldest)
end

-- In three lines: what stays, the message in one line, and how far the report has come.
local report = '{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","messageId":"' .. message_id
  .. '","reporter":' .. ARGV[8] .. ',"reason":"' .. ARGV[12] .. '"'
  .. (ARGV[13] ~= '' and ',"comment":' .. ARGV[13] or '') .. ',"createdAt":' .. event.time .. '\n,"message":'
  .. string.gsub(message, '\n', '') .. '\n,"status":"open"}'
local number = redis.call('HINCRBY', reports, 'count', 1)
redis.call('HSET', reports, event.id, report, 'by ' .. user .. ' ' .. message_id, event.id)
redis.call('ZADD', KEYS[11], number, event.id)
redis.call('ZADD', KEYS[12], number, event.id)
if redis.call('ZCARD', KEYS[11]) > tonumber(ARGV[15]) then
  forget_oldest()
end
record(event, { key = KEYS[5], log = KEYS[13], channel = KEYS[14], max = ARGV[14] }, room.last, '', {
  'moderators', '["message-reported",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","report":'
    .. report .. '}]',
})
return succeed(event, '"result":{"reportId":"' .. event.id .. '"}')
