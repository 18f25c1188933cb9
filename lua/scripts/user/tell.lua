-- user/tell: an event for a user's own connections, in a room or not.
--
-- KEYS
--    1-4         see lib/open
--    5 connections hash  read    the user's connections, JSON by id
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 message   what the edges get, after the user: the frame, and perhaps whom to pass over
--    9 inboxes   what the edges' channels begin with
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open lib/reach
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local outcome = succeed(event, '"result":{}')
reach(event, ARGV[9], KEYS[5], ARGV[7], ARGV[8])
return outcome
