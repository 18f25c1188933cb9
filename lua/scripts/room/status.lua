-- room/status: a user who may be present is in another way than before.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 members   zset    read    present users by time of joining
--    7 presence  hash    write   user id by member as JSON
--    8 log       stream  write   what happened
--    9 channel   channel publish members' edges
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 room_id   id of the room
--    9 status    the user's status from now on
--   10 origin    id of the connection that set it, which knows; or empty
--   11 log_max   entries kept in the log
-- RETURNS
--    applied or logged
-- ERRORS
--    FENCED REWIND
-- USES open lib/room lib/publication lib/record lib/member
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, members, presence = KEYS[5], KEYS[6], KEYS[7]
local user, room_id, status, origin = ARGV[7], ARGV[8], ARGV[9], ARGV[10]

local joined = redis.call('ZSCORE', members, user)
local known = joined and cjson.decode(redis.call('HGET', presence, user))
if known and known.status ~= status then
  local name = cjson.encode(known.name)
  redis.call('HSET', presence, user, member(user, name, known.roomRole, status, joined))
  record(event, { key = key, log = KEYS[8], channel = KEYS[9], max = ARGV[11] }, room_of(key).last, origin, {
    'others', '["user-status-changed",{"user":{"id":"' .. user .. '","name":' .. name .. '},"status":"'
      .. status .. '"}]',
  })
end
return succeed(event, '"result":{}')
