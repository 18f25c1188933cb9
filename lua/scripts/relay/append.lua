-- relay/append: entries for a stream that back ends read, each once: the ids of one source only grow, so
-- what is not newer than the newest of its source is there already.
--
-- KEYS
--    1 stream    stream  write   what back ends read
--    2 sources   hash    write   per source the id of its newest entry in the stream
-- ARGV
--    1 max       entries that the stream keeps, about
--    2…          per entry its source, its id there, the number of its fields and values, and these
-- RETURNS
--    1
-- USES lib/later
local args, at, source = ARGV, 2, ARGV[2]
while source do
  local id, last = args[at + 1], at + 2 + args[at + 2]
  local newest = redis.call('HGET', KEYS[2], source)
  if not newest or later(id, newest) then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', unpack(args, at + 3, last))
    redis.call('HSET', KEYS[2], source, id)
  end
  at = last + 1
  source = args[at]
end
return 1
