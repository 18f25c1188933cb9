-- intake/refuse: an event that a worker refused by a rule that needs no state.
--
-- KEYS
--    1-3         see lib/open
-- ARGV
--    1-5         see lib/open
--    6 code      the refusal's code
--    7 body      the refusal as `"error":{…}`
-- RETURNS
--    refused and the code
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open lib/succeed
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
succeed(event, ARGV[7])
return 'refused ' .. ARGV[6]
