-- user/connected: a user has one more connection, which was taken in already (user/admit). With the first
-- one the user is online. A connection that has ended meanwhile changes nothing.
--
-- KEYS
--    1-4         see lib/open
--    5 user      hash    write   the user's fields
--    6 connections hash  read    the user's connections, JSON by id
--    7 present   zset    read    rooms that the user is present in
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 connection   its id
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open lib/inform
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local user = ARGV[7]

if redis.call('HEXISTS', KEYS[6], ARGV[8]) == 1
  and redis.call('HSETNX', KEYS[5], 'online', event.time) == 1 then
  send(event, 'lifecycle', 'event', 'user-online', 'user', user, 'at', event.time)
  -- A room whose own grace is not over yet may still show the status of the time before.
  local status = redis.call('HGET', KEYS[5], 'status') or 'active'
  for _, room_id in ipairs(redis.call('ZRANGE', KEYS[7], 0, -1)) do
    inform(event, 'status-changed', room_id, user, '{"roomId":"' .. room_id .. '","status":"' .. status
      .. '"}')
  end
end
return succeed(event, '"result":{}')
