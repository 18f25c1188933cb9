-- moderation/pardon: end a mute or a ban before its time. Where there is none nothing happens.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    write   `ban <user>` and `mute <user>` by sanction as JSON
--    8 presence  hash    read    user id by member as JSON
--    9 log       stream  write   what happened
--   10 channel   channel publish members' edges
-- ARGV
--    1-6         see lib/open
--    7 user      user id of who moderates
--    8 by        the same as `{id, name}`
--    9 roles     their roles as ",a,b,"
--   10 room_id   id of the room
--   11 kind      `mute` or `ban`
--   12 target    id of the user whom it concerns
--   13 reason    JSON text, or empty
--   14 log_max   entries kept in the log
-- RETURNS
--    applied, logged, again, or refused and the code
-- REFUSES
--    not-found banned gone   there is no such room (any more), or not for this user
--    forbidden   who does not moderate, or not this user
-- ERRORS
--    FENCED REWIND
-- USES admit lib/level lib/standing lib/unfit lib/outranks lib/person lib/publication lib/record
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, access, sanctions = KEYS[5], KEYS[6], KEYS[7]
local user, by, roles, room_id, kind = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
local target, reason = ARGV[12], ARGV[13]
local room = room_of(key)
local role, barred = admit(event, room, access, sanctions, user, roles)
if not role then
  return barred
end
local refused = outranks(event, room, access, level(role, roles), user, target)
if refused then
  return refused
end

local in_force = sanction(room, sanctions, kind, target, event.time)
redis.call('HDEL', sanctions, kind .. ' ' .. target)
if in_force then
  local place = { key = key, log = KEYS[9], channel = KEYS[10], max = ARGV[14] }
  local name = kind == 'ban' and 'user-unbanned' or 'user-unmuted'
  local said = reason ~= '' and ',"reason":' .. reason or ''
  record(event, place, room.last, '', {
    'all', '["' .. name .. '",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","user":'
      .. person(KEYS[8], target) .. ',"by":' .. by .. said .. '}]',
  })
end
return succeed(event, '"result":{"roomId":"' .. room_id .. '","userId":"' .. target .. '"}')
