-- relay/deliver: entries of other streams go into a partition's intake, all of them or none, and its
-- owner is told to look. What comes twice is passed over when its turn comes (see lib/open).
--
-- KEYS
--    1 intake    stream  write   the partition's events
--    2 bell      channel write   says: look at the intake
-- ARGV
--    1 max       entries that wait in the intake from which on it takes none; 0: it takes any number
--    2…          per entry the number of its fields and values, and these
-- RETURNS
--    1, or 0 where the intake is full
-- USES
local max = tonumber(ARGV[1])
-- A stream that is long may be so because of what is kept for inspection.
local function is_full()
  local length = redis.call('XLEN', KEYS[1])
  if max == 0 or length < max then
    return false
  end
  local group = redis.call('XINFO', 'GROUPS', KEYS[1])[1] or {}
  for i = 1, #group, 2 do
    if group[i] == 'lag' then
      return (tonumber(group[i + 1]) or length) >= max
    end
  end
  return true
end

if is_full() then
  return 0
end
local args, at, size = ARGV, 2, ARGV[2]
while size do
  redis.call('XADD', KEYS[1], '*', unpack(args, at + 1, at + size))
  at = at + 1 + size
  size = args[at]
end
redis.call('SPUBLISH', KEYS[2], '')
return 1
