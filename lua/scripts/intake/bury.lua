-- intake/bury: an event that cannot be applied because of a defect goes to the dead letters, and the
-- partition goes on. Its sender is told; a repeat of the request is a new attempt.
--
-- KEYS
--    1-3         see lib/open
--    4 dead      stream  write   dead letters
-- ARGV
--    1-5         see lib/open
--    6 max       dead letters kept
--    7 error     what went wrong
--    8…          the intake entry's fields and values
-- RETURNS
--    applied
-- REFUSES
--    internal    what its sender is told
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
-- A foreign entry may have more fields than Lua can pass on; the first say what it was.
local fields_max = 256
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[6], '*', 'source', event.id, 'error', ARGV[7],
  unpack(ARGV, 8, math.min(#ARGV, 7 + 2 * fields_max)))
finish(event)
answer(event, '"error":{"code":"internal","message":"the event could not be applied; it was put aside"}')
return 'applied'
