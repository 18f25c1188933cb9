-- room/join: a connection enters a room, which is made if there is none.
-- One script because membership, count, log and what the joiner gets must agree.
-- A repeated request causes nothing twice, but the connection that repeats it enters, too, while its
-- user is in the room: it may be another one than the first.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 members   zset    write   present users by time of joining
--    9 presence  hash    write   user id by member as JSON
--   10 connections hash  write   user id by the connections that joined
--   11 belongs   hash    write   who belongs, by the read mark
--   12 gathered  hash    write   who came to a large room and who went
--   13 due       zset    write   ticks of large rooms
--   14 seats     zset    write   the edge's connections
--   15 order     stream  read    ids of the room's messages
--   16 messages  hash    read    the newest are handed over
--   17 index     hash    read    which messages are deleted, in threads, reacted to
--   18 lists     zset    read    reactions
--   19 log       stream  write   what happened
--   20 channel   channel publish members' edges
--   21 intake    stream  read    events of the partition, see lib/missed
-- ARGV
--    1-6         see lib/open
--    7 origin    the connection as `<edge>/<connection>`
--    8 user      user id
--    9 name      the user's name as JSON text
--   10 roles     the user's roles as ",a,b,"
--   11 room_id   id of the room
--   12 type      type of a room made by this; empty where the user may not make one
--   13 private   1 if a room of that type is private, so that its maker owns it
--   14 since     id after which to tell what was missed, or empty
--   15 seat      the connection in the room as a member of seats
--   16 above     members of a room that is not large
--   17 tick      the event that tells a large room, as JSON
--   18 log_max   entries kept in the log
--   19 listed_max, 20 recent_max, 21 missed_max   most members, messages and events handed over
--   22 bytes_max most bytes of these messages, and of these events
-- RETURNS
--    applied, logged, again, or refused and the code
-- REFUSES
--    not-found forbidden banned gone   may not enter; conflict   the room is full
-- ERRORS
--    FENCED REWIND
-- USES admit lib/level lib/view lib/publication lib/record lib/message lib/lines lib/slots lib/me
-- USES lib/shown lib/collect lib/logged lib/missed lib/connections lib/member lib/snapshot lib/inform
-- USES lib/listing lib/tick lib/crowd lib/entered
local key, access, sanctions = KEYS[5], KEYS[6], KEYS[7]
local members, presence, connections = KEYS[8], KEYS[9], KEYS[10]
local belongs, log = KEYS[11], KEYS[19]
local store = { messages = KEYS[16], index = KEYS[17], lists = KEYS[18] }
local origin, user, name, roles, room_id = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
local type_made, private, since = ARGV[12], ARGV[13] == '1', ARGV[14]
local missed_max, bytes_max = tonumber(ARGV[21]), tonumber(ARGV[22])
local most = { members = tonumber(ARGV[19]), messages = tonumber(ARGV[20]), bytes = bytes_max }
local place = {
  id = room_id, key = key, members = members, gathered = KEYS[12], due = KEYS[13],
  above = ARGV[16], tick = ARGV[17], log = log, channel = KEYS[20], max = ARGV[18],
}

local function add_connection()
  local list, places = connections_of(connections, user)
  if not places[origin] then
    list[#list + 1] = origin
    redis.call('HSET', connections, user, table.concat(list, ' '))
  end
  redis.call('ZADD', KEYS[14], string.match(ARGV[3], '^%d+'), ARGV[15])
end

local function told_since(room, role)
  if since == '' then
    return ''
  end
  local who = { id = user, moderates = level(role, roles) >= 2 }
  return ',"missed":'
    .. missed(log, KEYS[21], store, room_id, who, since, ARGV[3], room.last, missed_max, bytes_max)
end

local function handed_over(id, room, role, told)
  local full = role == 'owner' or string.find(roles, ',admin,', 1, true)
  local keys = { members = members, presence = presence, order = KEYS[15] }
  local seen = view(room_id, room, access, full)
  return '"result":' .. snapshot(id, room_id, seen, keys, store, user, most, told)
    .. ',"emit":"room-joined"'
end

local function entry(event, last, role)
  return ',"enter":{"room":"' .. room_id .. '","last":"' .. last .. '","at":"' .. event.id .. '","term":' .. event.term
    .. ',"role":"' .. role .. '"}'
end

local function restore(id, event)
  local room = room_of(key)
  local role = enter(room, access, sanctions, user, roles, string.match(ARGV[3], '^%d+'))
  if not role then
    return '"error":{"code":"not-found","message":"there is no such room","details":{"field":"roomId"}}'
  end
  if not redis.call('ZSCORE', members, user) then
    return handed_over(id, room, role, told_since(room, role))
  end
  add_connection()
  return handed_over(id, room, role, told_since(room, role)) .. entry(event, room.last, role)
end

local event, stop = open(KEYS, ARGV, restore)
if stop then
  return stop
end

local room = room_of(key)
local role, barred
if room then
  role, barred = admit(event, room, access, sanctions, user, roles)
  if not role then
    return barred
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
  if not private then
    list(event, room_id, room)
  end
end

-- The others learn that the user came, and back ends that the room is not empty any more.
local function tell()
  local count = redis.call('ZCARD', members)
  if count == 1 then
    send(event, 'lifecycle', 'event', 'room-occupied', 'room', room_id, 'at', event.time)
  end
  local who = { id = user, json = '{"id":"' .. user .. '","name":' .. name .. '}' }
  if not crowd(event, place, 'joined', who) then
    record(event, place, room.last, string.match(origin, '^[^/]*/(.*)$') or '', {
      'others', '["user-joined-room",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","user":'
        .. who.json .. ',"memberCount":' .. count .. '}]',
    })
  end
end

-- Before the own entry is in the log: that one was not missed.
local told = told_since(room, role)
add_connection()
local begins = redis.call('HSETNX', belongs, user, event.id) == 1
if begins or not present then
  entered(event, room_id, user, true, true, room.owner == user)
end
if present then
  -- Name and role are those of now; the time of joining stays.
  local status = cjson.decode(redis.call('HGET', presence, user)).status
  redis.call('HSET', presence, user, member(user, name, role, status, present))
else
  redis.call('ZADD', members, event.time, user)
  redis.call('HSET', presence, user, member(user, name, role, 'active', event.time))
  tell()
end
return succeed(event, handed_over(event.id, room, role, told)
  .. entry(event, event.logged and event.id or room.last, role), '@' .. event.id)
