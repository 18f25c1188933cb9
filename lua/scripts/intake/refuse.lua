-- intake/refuse: an event that a worker refused by a rule that needs no state.
--
-- KEYS
--    1-3         see lib/open
-- ARGV
--    1-5         see lib/open
--    6 body      the refusal as `"error":{…}`
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open lib/succeed
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
return succeed(event, ARGV[6])
