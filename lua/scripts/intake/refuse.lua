-- intake/refuse: an event that a worker refused by a rule that needs no state.
--
-- KEYS
--    1-4         see lib/open
-- ARGV
--    1-6         see lib/open
--    7 code      the refusal's code
--    8 body      the refusal as `"error":{…}`
-- RETURNS
--    refused and the code
-- ERRORS
--    FENCED REWIND
-- USES open
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
return succeed(event, ARGV[8], nil, 'refused ' .. ARGV[7])
