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
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[6], '*', 'source', event.id, 'error', ARGV[7], unpack(ARGV, 8))
answer(event, '"error":{"code":"internal","message":"the event could not be applied; it was put aside"}')
finish(event)
return 'applied'
