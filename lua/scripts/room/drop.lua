-- room/drop: a connection ended. Its user is taken out after a grace, unless one comes back.
--
-- KEYS
--    1-3         see lib/open
--    4 members   zset    read    present users
--    5 connections hash  write   user id by the connections that joined
--    6 due       zset    write   what happens when the grace is over
-- ARGV
--    1-5         see lib/open
--    6 origin    id of the connection
--    7 user      user id
--    8 grace_ms  how long the user stays present
--    9 work      the event that ends the grace, as JSON
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open lib/succeed lib/connections
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local members, connections, due = KEYS[4], KEYS[5], KEYS[6]
local origin, user, grace_ms, work = ARGV[6], ARGV[7], ARGV[8], ARGV[9]

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
