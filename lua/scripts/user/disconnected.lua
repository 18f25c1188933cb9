-- user/disconnected: a user has one connection less. After the last one the user is offline when a grace
-- is over. What is said of a connection that is not known, or has come back at another edge, changes
-- nothing.
--
-- KEYS
--    1-4         see lib/open
--    5 user      hash    write   the user's fields
--    6 connections hash  write   the user's connections, JSON by id
--    7 seats     zset    write   the edge's connections
--    8 due       zset    write   what happens when the grace is over
-- ARGV
--    1-6         see lib/open
--    7 connection   its id
--    8 edge      the edge that had it
--    9 seat      the connection as a member of seats
--   10 grace_ms  how long the user stays online
--   11 work      the event that ends the grace, as JSON
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local connections, connection = KEYS[6], ARGV[7]

redis.call('ZREM', KEYS[7], ARGV[9])
local about = redis.call('HGET', connections, connection)
if about and cjson.decode(about).edge == ARGV[8] then
  redis.call('HDEL', connections, connection)
  if redis.call('EXISTS', connections) == 0 then
    if redis.call('HEXISTS', KEYS[5], 'online') == 1 then
      redis.call('ZADD', KEYS[8], event.time + ARGV[10], ARGV[11])
    else
      -- It ended before it was known to have begun.
      redis.call('HDEL', KEYS[5], 'status')
    end
  end
end
return succeed(event, '"result":{}')
