-- relay/append: entries for a stream that back ends read, each once: the places in one source only
-- grow, so what is not after the newest of its source is there already.
--
-- KEYS
--    1 stream    stream  write   what back ends read
--    2 sources   hash    write   per source the place there of its newest entry in the stream
-- ARGV
--    1 max       entries that the stream keeps, about
--    2…          per entry its source, its place there, the number of its fields and values, and these
-- RETURNS
--    1
-- USES lib/later lib/further
local args, at, source = ARGV, 2, ARGV[2]
while source do
  local place, last = args[at + 1], at + 2 + args[at + 2]
  local newest = redis.call('HGET', KEYS[2], source)
  if not newest or further(place, newest) then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', unpack(args, at + 3, last))
    redis.call('HSET', KEYS[2], source, place)
  end
  at = last + 1
  source = args[at]
end
return 1
