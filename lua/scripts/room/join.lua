-- room/join: a connection enters a room, which is made if there is none.
-- One script because membership, count, log and what the joiner gets must agree.
-- A repeated request is applied again: the connection that repeats it must enter, too.
--
-- KEYS
--    1-3         see lib/open
--    4 room      hash    write   the room's fields
--    5 access    hash    read    user id by role
--    6 members   zset    write   present users by time of joining
--    7 presence  hash    write   user id by member as JSON
--    8 connections hash  write   user id by the connections that joined
--    9 belongs   zset    write   who belongs
--   10 messages  stream  read    the newest are handed over
--   11 log       stream  write   what happened
--   12 channel   channel publish members' edges
-- ARGV
--    1-5         see lib/open
--    6 origin    id of the connection
--    7 user      user id
--    8 name      the user's name as JSON text
--    9 roles     the user's roles as ",a,b,"
--   10 room_id   id of the room
--   11 type      type of a room made by this; empty where the user may not make one
--   12 private   1 if a room of that type is private, so that its maker owns it
--   13 since     id after which to tell what was missed, or empty
--   14 log_max   entries kept in the log
--   15 listed_max, 16 recent_max, 17 missed_max   most members, messages and events handed over
--   18 bytes_max most bytes of these messages, and of these events
-- RETURNS
--    applied, logged, or refused and the code
-- REFUSES
--    not-found forbidden   may not enter; conflict   the room is full
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open lib/succeed lib/refuse lib/room lib/enter lib/bar lib/view
-- USES lib/publication lib/record lib/logged lib/later lib/missed lib/connections
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, access, members, presence, connections = KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local belongs, messages, log, channel = KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local origin, user, name, roles, room_id = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local type_made, private, since = ARGV[11], ARGV[12] == '1', ARGV[13]
local log_max, listed_max, recent_max, missed_max, bytes_max =
  ARGV[14], tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17]), tonumber(ARGV[18])

local room = room_of(key)
local role, barred
if room then
  role, barred = enter(room, access, user, roles)
  if not role then
    return bar(event, barred)
  end
elseif type_made == '' then
  return refuse(event, 'forbidden', 'you may not create a room of this type', 'type')
end
local present = redis.call('ZSCORE', members, user)
if room and not present and room.max_members ~= '' and room.max_members
  and redis.call('ZCARD', members) >= tonumber(room.max_members) then
  return refuse(event, 'conflict', 'the room is full', 'roomId')
end

if not room then
  role = private and 'owner' or 'member'
  redis.call('HSET', key, 'type', type_made, 'name', room_id, 'createdAt', event.time,
    'createdBy', user, 'owner', private and user or '', 'visibility', private and 'private' or 'public',
    'roles', '', 'listed', '0', 'maxMembers', '', 'slowModeMs', '0', 'last', '0-0')
  room = room_of(key)
end
local told = ''
if since ~= '' then
  told = ',"missed":'
    .. missed(log, messages, room_id, user, since, event.id, room.last, missed_max, bytes_max)
end
local open_connections, places = connections_of(connections, user)
if not places[origin] then
  open_connections[#open_connections + 1] = origin
  redis.call('HSET', connections, user, table.concat(open_connections, ' '))
end
redis.call('ZADD', belongs, 'NX', event.time, user)
local last = room.last
if not present then
  redis.call('ZADD', members, event.time, user)
  redis.call('HSET', presence, user, '{"id":"' .. user .. '","name":' .. name .. ',"roomRole":"' .. role
    .. '","status":"active","joinedAt":' .. event.time .. '}')
  record(event, { key = key, log = log, channel = channel, max = log_max }, last, origin, {
    'others', '["user-joined-room",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","user":{"id":"'
      .. user .. '","name":' .. name .. '},"memberCount":' .. redis.call('ZCARD', members) .. '}]',
  })
  last = event.id
end

local listed = redis.call('ZRANGE', members, 0, listed_max - 1)
local recent = redis.call('XREVRANGE', messages, '+', '-', 'COUNT', recent_max)
local texts, bytes = {}, 0
for n = 1, #recent do
  bytes = bytes + #recent[n][2][2]
  if bytes > bytes_max then
    break
  end
  table.insert(texts, 1, recent[n][2][2])
end
local full = role == 'owner' or string.find(roles, ',admin,', 1, true)
local result = '{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","room":'
  .. view(room_id, room, access, full)
  .. ',"members":[' .. table.concat(redis.call('HMGET', presence, unpack(listed)), ',')
  .. '],"memberCount":' .. redis.call('ZCARD', members)
  .. ',"recentMessages":[' .. table.concat(texts, ',') .. ']' .. told .. '}'
return succeed(event, '"result":' .. result .. ',"emit":"room-joined","enter":{"room":"' .. room_id
  .. '","last":"' .. last .. '","role":"' .. role .. '"}')
