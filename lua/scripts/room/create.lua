-- room/create: make a room, or take over one that was made by joining and has no owner. Whoever a
-- taken-over room is not for any more is put out: only its owner and those whom the access list names
-- are known to be let in, the others may come back if their roles let them.
--
-- KEYS
--    1-3         see lib/open
--    4 room      hash    write   the room's fields
--    5 access    hash    write   user id by role
--    6 members   zset    write   present users by time of joining
--    7 presence  hash    write   user id by member as JSON
--    8 connections hash  write   user id by the connections that joined
--    9 belongs   zset    write   who belongs
--   10 log       stream  write   what happened
--   11 channel   channel publish members' edges
-- ARGV
--    1-5         see lib/open
--    6 user      user id of the maker, who becomes the owner
--    7 room_id   id of the room
--    8 type      the room's type
--    9 name      shown to others
--   10 visibility  public or private
--   11 roles     comma separated roles that narrow a public room, or empty
--   12 max       most members at a time, or empty
--   13 listed    flat list of user id and role, separated by newlines, or empty
--   14 types     room types that the maker may create, as ",a,b,"
--   15 log_max   entries kept in the log
--   16 out_max   most users that are put out at once
-- RETURNS
--    applied, logged, again, or refused and the code
-- REFUSES
--    conflict    the room has an owner already; too many are in it to be put out
--    forbidden   the room is of a type that the maker may not create
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open lib/succeed lib/refuse lib/room lib/view lib/publication
-- USES lib/record lib/member
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, access, members, presence, connections = KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local belongs, log, channel = KEYS[9], KEYS[10], KEYS[11]
local user, room_id, listed, out_max = ARGV[6], ARGV[7], ARGV[13], tonumber(ARGV[16])
local is_narrow = ARGV[10] == 'private' or ARGV[11] ~= ''

local room = room_of(key)
if room and room.owner ~= '' then
  return refuse(event, 'conflict', 'the room exists and has an owner', 'roomId')
end
if room and not string.find(ARGV[14], ',' .. room.type .. ',', 1, true) then
  return refuse(event, 'forbidden', 'you may not own a room of its type', 'roomId')
end
if room and is_narrow and redis.call('ZCARD', members) > out_max then
  return refuse(event, 'conflict', 'too many are in the room to make it narrower', 'access')
end

local people, staying = {}, {}
for word in string.gmatch(listed, '[^\n]+') do
  people[#people + 1] = word
end
for i = 1, #people, 2 do
  staying[people[i]] = people[i + 1]
end
staying[user] = 'owner'

local function put_out(who, decoded, frames)
  redis.call('ZREM', members, who)
  redis.call('HDEL', presence, who)
  redis.call('HDEL', connections, who)
  for _, text in ipairs({
    'user:' .. who, '["room-left",{"roomId":"' .. room_id .. '","reason":"removed"}]',
    'exit', who,
    'all', '["user-left-room",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","user":{"id":"' .. who
      .. '","name":' .. cjson.encode(decoded.name) .. '},"memberCount":' .. redis.call('ZCARD', members)
      .. ',"reason":"removed"}]',
  }) do
    frames[#frames + 1] = text
  end
end

-- Gives everyone who is present the new role, or puts them out.
local function sort_out()
  local frames = {}
  local present = redis.call('ZRANGE', members, 0, out_max - 1, 'WITHSCORES')
  for i = 1, #present, 2 do
    local who = present[i]
    local decoded = cjson.decode(redis.call('HGET', presence, who))
    if staying[who] then
      redis.call('HSET', presence, who,
        member(who, cjson.encode(decoded.name), staying[who], decoded.status, present[i + 1]))
    elseif is_narrow then
      put_out(who, decoded, frames)
    end
  end
  if #frames > 0 then
    record(event, { key = key, log = log, channel = channel, max = ARGV[15] }, room.last, '', frames)
  end
end

-- Belonging ends for all others, present or away.
local function narrow_belonging()
  local kept = {}
  for who in pairs(staying) do
    local since = redis.call('ZSCORE', belongs, who)
    if since then
      kept[#kept + 1] = since
      kept[#kept + 1] = who
    end
  end
  redis.call('UNLINK', belongs)
  if #kept > 0 then
    redis.call('ZADD', belongs, unpack(kept))
  end
end

redis.call('HSET', key, 'type', ARGV[8], 'name', ARGV[9], 'owner', user, 'visibility', ARGV[10],
  'roles', ARGV[11], 'maxMembers', ARGV[12], 'listed', #people > 0 and '1' or '0')
redis.call('DEL', access)
if #people > 0 then
  redis.call('HSET', access, unpack(people))
end
if not room then
  redis.call('HSET', key, 'createdAt', event.time, 'createdBy', user, 'slowModeMs', '0', 'last', '0-0')
else
  sort_out()
  if is_narrow then
    narrow_belonging()
  end
end
return succeed(event, '"result":{"room":' .. view(room_id, room_of(key), access, true) .. '}')
