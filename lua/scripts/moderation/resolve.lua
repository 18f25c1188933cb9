-- moderation/resolve: decide about a report, once, and do what was decided. One script because of two
-- moderators who decide at a time only the first may have any effect.
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
--   12 messages  hash    write   id by message as JSON
--   13 index     hash    write   which messages are deleted, in threads, reacted to
--   14 lists     zset    write   reactions and threads
--   15 reports   hash    write   id by report as JSON
--   16 waiting   zset    write   ids of the open ones
--   17 log       stream  write   what happened
--   18 channel   channel publish members' edges
--   19 gathered  hash    write   who came to a large room and who went
--   20 due       zset    write   ticks of large rooms, and when a room without anyone is looked at
-- ARGV
--    1-6         see lib/open
--    7 user      user id of who moderates
--    8 by        the same as `{id, name}`
--    9 roles     their roles as ",a,b,"
--   10 room_id   id of the room
--   11 report    id of the report
--   12 action    dismiss, delete-message, mute or ban
--   13 duration  of a mute or ban in milliseconds, or empty for ever
--   14 note      JSON text, or empty
--   15 log_max   entries kept in the log
--   16 above     members of a room that is not large
--   17 tick      the event that tells a large room, as JSON
--   18 idle_ms   how long a room without anyone is kept
-- RETURNS
--    logged, again, or refused and the code
-- REFUSES
--    banned gone   not for this user, closed
--    not-found   there is no such room (or not for this user), or no such report in it
--    forbidden   who does not moderate, or not the message's author
--    conflict    somebody decided already
-- ERRORS
--    FENCED REWIND
-- USES admit lib/level lib/standing lib/unfit lib/outranks lib/person lib/impose lib/ending lib/span
-- USES lib/discard lib/unreact lib/erase lib/publication lib/record lib/inform lib/exited lib/depart
-- USES lib/farewell lib/tick lib/crowd lib/look lib/idle lib/expel
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, access, sanctions, reports = KEYS[5], KEYS[6], KEYS[7], KEYS[15]
local user, by, roles, room_id = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local report_id, action = ARGV[11], ARGV[12]
local room = room_of(key)
local role, barred = admit(event, room, access, sanctions, user, roles)
if not role then
  return barred
end
local own = level(role, roles)
local refused = unfit(event, own)
if refused then
  return refused
end
local report = redis.call('HGET', reports, report_id)
if not report then
  return refuse(event, 'not-found', 'there is no such report in the room', 'reportId')
elseif not redis.call('ZSCORE', KEYS[16], report_id) then
  return refuse(event, 'conflict', 'somebody else has resolved the report', 'reportId')
end
local decoded = cjson.decode(report)
local author = decoded.message.sender.id
if action == 'mute' or action == 'ban' then
  refused = outranks(event, room, access, own, user, author)
  if refused then
    return refused
  end
end

local lines = string.match(report, '^(.*)\n[^\n]*$')
report = lines .. '\n,"status":"resolved","action":"' .. action .. '","resolvedBy":' .. by
  .. ',"resolvedAt":' .. event.time .. (ARGV[14] ~= '' and ',"note":' .. ARGV[14] or '') .. '}'
redis.call('HSET', reports, report_id, report)
redis.call('ZREM', KEYS[16], report_id)

local who = { id = author, json = person(KEYS[9], author) }
local told = {}
if action == 'delete-message' then
  local keys = { messages = KEYS[12], index = KEYS[13], lists = KEYS[14] }
  told = erase(event, keys, room_id, decoded.messageId, by)
elseif action ~= 'dismiss' then
  told = impose(event, key, sanctions, room_id, action, who, by, ending(event, ARGV[13]), '')
end
table.insert(told, 'moderators')
table.insert(told, '["report-resolved",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","report":'
  .. report .. '}]')
local place = { id = room_id, key = key, log = KEYS[17], channel = KEYS[18], max = ARGV[15] }
if action == 'ban' then
  local keys = {
    members = KEYS[8], presence = KEYS[9], connections = KEYS[10], belongs = KEYS[11], access = access,
    gathered = KEYS[19], due = KEYS[20], above = ARGV[16], tick = ARGV[17], idle_ms = ARGV[18],
  }
  expel(event, place, room, who, keys, 'banned', told)
else
  record(event, place, room.last, '', told)
end
return succeed(event, '"result":{"report":' .. report .. '}')
