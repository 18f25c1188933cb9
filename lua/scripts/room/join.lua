-- room/join: a connection enters a room, which is made if there is none.
-- One script because membership, count, log and what the joiner gets must agree.
-- A repeated request causes nothing twice, but the connection that repeats it enters, too, while its
-- user is in the room: it may be another one than the first.
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
--    applied, logged, again, or refused and the code
-- REFUSES
--    not-found forbidden   may not enter; conflict   the room is full
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open lib/succeed lib/refuse lib/room lib/enter lib/bar lib/view
-- USES lib/publication lib/record lib/logged lib/later lib/missed lib/connections lib/member
-- USES lib/snapshot
local key, access, members, presence, connections = KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local belongs, messages, log, channel = KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local origin, user, name, roles, room_id = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local type_made, private, since = ARGV[11], ARGV[12] == '1', ARGV[13]
local log_max, missed_max, bytes_max = ARGV[14], tonumber(ARGV[17]), tonumber(ARGV[18])
local most = { members = tonumber(ARGV[15]), messages = tonumber(ARGV[16]), bytes = bytes_max }

local function add_connection()
  local list, places = connections_of(connections, user)
  if not places[origin] then
    list[#list + 1] = origin
    redis.call('HSET', connections, user, table.concat(list, ' '))
  end
end

local function told_since(room)
  if since == '' then
    return ''
  end
  return ',"missed":'
    .. missed(log, messages, room_id, user, since, ARGV[3], room.last, missed_max, bytes_max)
end

local function handed_over(id, room, role, told)
  local full = role == 'owner' or string.find(roles, ',admin,', 1, true)
  local keys = { members = members, presence = presence, messages = messages }
  return '"result":' .. snapshot(id, room_id, view(room_id, room, access, full), keys, most, told)
    .. ',"emit":"room-joined"'
end

local function entry(last, role)
  return ',"enter":{"room":"' .. room_id .. '","last":"' .. last .. '","role":"' .. role .. '"}'
end

local function restore(id)
  local room = room_of(key)
  local role = room and enter(room, access, user, roles)
  if not role then
    return '"error":{"code":"not-found","message":"there is no such room","details":{"field":"roomId"}}'
  end
  if not redis.call('ZSCORE', members, user) then
    return handed_over(id, room, role, told_since(room))
  end
  add_connection()
  return handed_over(id, room, role, told_since(room)) .. entry(room.last, role)
end

local event, stop = open(KEYS, ARGV, restore)
if stop then
  return stop
end

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
-- Before the own entry is in the log: that one was not missed.
local told = told_since(room)
add_connection()
redis.call('ZADD', belongs, 'NX', event.time, user)
local last = room.last
if present then
  -- Name and role are those of now; the time of joining stays.
  local status = cjson.decode(redis.call('HGET', presence, user)).status
  redis.call('HSET', presence, user, member(user, name, role, status, present))
else
  redis.call('ZADD', members, event.time, user)
  redis.call('HSET', presence, user, member(user, name, role, 'active', event.time))
  record(event, { key = key, log = log, channel = channel, max = log_max }, last, origin, {
    'others', '["user-joined-room",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","user":{"id":"'
      .. user .. '","name":' .. name .. '},"memberCount":' .. redis.call('ZCARD', members) .. '}]',
  })
  last = event.id
end
return succeed(event, handed_over(event.id, room, role, told) .. entry(last, role), '@' .. event.id)
