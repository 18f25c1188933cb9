-- intake/bury: an event that cannot be applied because of a defect goes to the dead letters, and the
-- partition goes on. Its sender is told; a repeat of the request is a new attempt.
--
-- KEYS
--    1-4         see lib/open
--    5 dead      stream  write   dead letters
-- ARGV
--    1-6         see lib/open
--    7 max       dead letters kept
--    8 error     what went wrong
--    9…          the intake entry's fields and values
-- RETURNS
--    buried, and how many older dead letters had to go
-- REFUSES
--    internal    what its sender is told
-- ERRORS
--    FENCED REWIND
-- USES open
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
-- A foreign entry may have more fields than Lua can pass on; the first say what it was.
local fields_max = 256
local before = redis.call('XLEN', KEYS[5])
redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[7], '*', 'source', event.id, 'error', ARGV[8],
  unpack(ARGV, 9, math.min(#ARGV, 8 + 2 * fields_max)))
local dropped = before + 1 - redis.call('XLEN', KEYS[5])
return answer(event, 'buried ' .. string.format('%d', dropped),
  '"error":{"code":"internal","message":"the event could not be applied; it was put aside"}')
