-- user/status: a user is in another way than before, until the user goes offline. Each room that the user
-- is present in is told.
--
-- KEYS
--    1-4         see lib/open
--    5 user      hash    write   the user's fields
--    6 connections hash  read    the user's connections, JSON by id
--    7 present   zset    read    rooms that the user is present in
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 status    active, idle or busy
--    9 origin    id of the connection that sets it, or empty
-- RETURNS
--    applied or again
-- ERRORS
--    FENCED REWIND
-- USES open lib/inform
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local user, status, origin = ARGV[7], ARGV[8], ARGV[9]

local held = redis.call('HMGET', KEYS[5], 'status', 'online')
local is_there = held[2] or redis.call('EXISTS', KEYS[6]) == 1
if is_there and (held[1] or 'active') ~= status then
  if status == 'active' then
    redis.call('HDEL', KEYS[5], 'status')
  else
    redis.call('HSET', KEYS[5], 'status', status)
  end
  local setter = origin ~= '' and ',"origin":"' .. origin .. '"' or ''
  for _, room_id in ipairs(redis.call('ZRANGE', KEYS[7], 0, -1)) do
    inform(event, 'status-changed', room_id, user, '{"roomId":"' .. room_id .. '","status":"' .. status
      .. '"' .. setter .. '}')
  end
end
return succeed(event, '"result":{"status":"' .. status .. '"}')
