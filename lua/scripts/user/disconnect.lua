-- user/disconnect: all connections of a user are to end, at every edge. Each edge reports their ends.
--
-- KEYS
--    1-4         see lib/open
--    5 connections hash  read    the user's connections, JSON by id
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 inboxes   what the edges' channels begin with
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open lib/reach
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local outcome = succeed(event, '"result":{"disconnected":' .. redis.call('HLEN', KEYS[5]) .. '}')
reach(event, ARGV[8], KEYS[5], ARGV[7], '"disconnect":true')
return outcome
