-- user/expired: the grace after a user's last connection is over: the user is offline, and active again
-- with the next connection. Not where a connection came back, nor where one came and went again after
-- this event was due: a new grace is running.
--
-- KEYS
--    1-4         see lib/open
--    5 user      hash    write   the user's fields
--    6 connections hash  read    the user's connections, JSON by id
--    7 due       zset    read    what happens when graces are over
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 work      this event, as JSON
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local later_due = redis.call('ZSCORE', KEYS[7], ARGV[8])

if redis.call('EXISTS', KEYS[6]) == 0 and not (later_due and tonumber(later_due) > tonumber(event.time))
  and redis.call('HDEL', KEYS[5], 'online') == 1 then
  redis.call('HDEL', KEYS[5], 'status')
  send(event, 'lifecycle', 'event', 'user-offline', 'user', ARGV[7], 'at', event.time)
end
return succeed(event, '"result":{}')
