-- room/invite: put a user on the room's access list, and tell them if they are new on it.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    write   user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 presence  hash    write   user id by member as JSON
--    9 belongs   hash    write   user id by read mark
--   10 log       stream  write   what happened
--   11 channel   channel publish members' edges
-- ARGV
--    1-6         see lib/open
--    7 user      user id of who invites
--    8 name      their name
--    9 roles     their roles as ",a,b,"
--   10 room_id   id of the room
--   11 target    id of who is invited
--   12 granted   role in the room
--   13 list_max  most users on the list
--   14 log_max   entries kept in the log
-- RETURNS
--    applied, logged, again, or refused and the code
-- REFUSES
--    not-found gone   there is no such room (any more), or not for this user
--    banned      who invites is banned
--    forbidden   who does not moderate, or who gives or takes as much as they have themselves
--    conflict    the user is banned or the owner; the list is full
-- ERRORS
--    FENCED REWIND
-- USES admit lib/inform lib/level lib/standing lib/publication lib/record lib/entered lib/belong
-- USES lib/recast lib/unfit
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, access, sanctions = KEYS[5], KEYS[6], KEYS[7]
local user, name, roles, room_id = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local target, granted = ARGV[11], ARGV[12]

local room = room_of(key)
local role, barred = admit(event, room, access, sanctions, user, roles)
if not role then
  return barred
end
local own = level(role, roles)
local held = redis.call('HGET', access, target)
local refused = unfit(event, own)
if refused then
  return refused
elseif own < 3 and level(granted, '') >= own then
  return refuse(event, 'forbidden', 'you may only give a role below your own', 'roomRole')
elseif own < 3 and held ~= granted and standing(room, access, target) >= own then
  return refuse(event, 'forbidden', 'the user has the same rights as you, or more', 'userId')
elseif room.owner == target then
  return refuse(event, 'conflict', 'the user owns the room', 'userId')
elseif sanction(room, sanctions, 'ban', target, event.time) then
  return refuse(event, 'conflict', 'the user is banned from the room', 'userId')
elseif not held and redis.call('HLEN', access) >= tonumber(ARGV[13]) then
  return refuse(event, 'conflict', 'the room lists as many users as it may', 'roomId')
end

if held ~= granted then
  redis.call('HSET', access, target, granted)
  redis.call('HSET', key, 'listed', '1')
  local frames = {}
  recast(frames, KEYS[8], target, granted)
  if #frames > 0 then
    record(event, { key = key, log = KEYS[10], channel = KEYS[11], max = ARGV[14] }, room.last, '', frames)
  end
end
if not held then
  belong(event, KEYS[9], room_id, target, false)
  inform(event, 'notify', 'user:' .. target, target, '{"userId":"' .. target .. '","kind":"invitation","title":'
    .. cjson.encode(name .. ' invited you to ' .. room.name) .. ',"body":"","data":{"roomId":"' .. room_id
    .. '","roomName":' .. cjson.encode(room.name) .. ',"roomRole":"' .. granted .. '","by":{"id":"' .. user
    .. '","name":' .. cjson.encode(name) .. '}}}')
end
return succeed(event, '"result":{"roomId":"' .. room_id .. '","userId":"' .. target .. '"}')
