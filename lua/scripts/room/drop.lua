-- room/drop: a connection ended. Its user is taken out after a grace, unless one comes back.
-- Whatever is reported of a connection that is not in the room, or not at this edge, changes nothing.
--
-- KEYS
--    1-4         see lib/open
--    5 members   zset    read    present users
--    6 connections hash  write   user id by the connections that joined
--    7 due       zset    write   what happens when the grace is over
--    8 seats     zset    write   the edge's connections
-- ARGV
--    1-6         see lib/open
--    7 origin    the connection as `<edge>/<connection>`
--    8 user      user id
--    9 grace_ms  how long the user stays present
--   10 work      the event that ends the grace, as JSON
--   11 seat      the connection in the room as a member of seats
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open lib/connections
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local members, connections, due = KEYS[5], KEYS[6], KEYS[7]
local origin, user, grace_ms, work = ARGV[7], ARGV[8], ARGV[9], ARGV[10]

redis.call('ZREM', KEYS[8], ARGV[11])
local list, places = connections_of(connections, user)
if places[origin] then
  table.remove(list, places[origin])
  if #list > 0 then
    redis.call('HSET', connections, user, table.concat(list, ' '))
  else
    redis.call('HDEL', connections, user)
    if redis.call('ZSCORE', members, user) then
      redis.call('ZADD', due, event.time + grace_ms, work)
    end
  end
end
return succeed(event, '"result":{}')
