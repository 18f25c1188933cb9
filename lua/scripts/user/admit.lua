-- user/admit: take in one more connection of a user, unless there are as many as a user may have. No
-- event: whoever connects waits for it. Its end is the event `user-disconnected`.
--
-- KEYS
--    1 connections  hash  write   the user's connections, JSON by id
--    2 seats        zset  write   all connections of the edge, by the time they were taken in (ms)
-- ARGV
--    1 connection   its id
--    2 seat         its member of seats
--    3 about        what is told of it: a JSON object without the time and the closing brace
--    4 max          connections that a user may have
-- RETURNS
--    when it was taken in (ms), or 0 where there are too many
-- USES
local known = redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1
if not known and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then
  return 0
end
local time = redis.call('TIME')
local now = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3] .. ',"connectedAt":' .. now .. '}')
redis.call('ZADD', KEYS[2], now, ARGV[2])
return tonumber(now)
