-- moderation/slow: set the least time between two messages of a user in a room; 0 ends it.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 log       stream  write   what happened
--    9 channel   channel publish members' edges
-- ARGV
--    1-6         see lib/open
--    7 user      user id of who moderates
--    8 roles     their roles as ",a,b,"
--    9 room_id   id of the room
--   10 interval  milliseconds
--   11 log_max   entries kept in the log
-- RETURNS
--    logged, again, or refused and the code
-- REFUSES
--    not-found banned gone   there is no such room (any more), or not for this user
--    forbidden   who does not moderate
-- ERRORS
--    FENCED REWIND
-- USES admit lib/level lib/view lib/publication lib/record lib/inform lib/listing lib/unfit
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, access, user, roles, room_id = KEYS[5], KEYS[6], ARGV[7], ARGV[8], ARGV[9]
local room = room_of(key)
local role, barred = admit(event, room, access, KEYS[7], user, roles)
if not role then
  return barred
end
local own = level(role, roles)
local refused = unfit(event, own)
if refused then
  return refused
end

redis.call('HSET', key, 'slowModeMs', ARGV[10])
room.slow_mode_ms = ARGV[10]
record(event, { key = key, log = KEYS[8], channel = KEYS[9], max = ARGV[11] }, room.last, '', {
  'all', '["room-updated",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","room":'
    .. view(room_id, room, access, false) .. '}]',
})
if room.visibility == 'public' then
  list(event, room_id, room)
end
return succeed(event, '"result":{"room":' .. view(room_id, room, access, own >= 3) .. '}')
