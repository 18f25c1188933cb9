-- intake/replay: a dead letter goes back into the intake as a new event, once: it is a dead letter no more.
--
-- KEYS
--    1 position  hash    write   `replayed` counts the events of other partitions that came back
--    2 dead      stream  write   dead letters
--    3 intake    stream  write   the partition's events
--    4 bell      channel write   says: look at the intake
-- ARGV
--    1 letter    id of the dead letter
--    2 relayed   1 where it came from another partition, else 0
--    3…          the record's fields and values, without where it came from
-- RETURNS
--    1, or 0 where there is no such dead letter
-- USES
if #redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1]) == 0 then
  return 0
end
local fields = { unpack(ARGV, 3) }
if ARGV[2] == '1' then
  -- A source of its own: by its first one it would be passed over as what has been there.
  fields[#fields + 1] = 'source'
  fields[#fields + 1] = 'dead ' .. string.format('%d', redis.call('HINCRBY', KEYS[1], 'replayed', 1)) .. '-0'
end
redis.call('XADD', KEYS[3], '*', unpack(fields))
redis.call('XDEL', KEYS[2], ARGV[1])
redis.call('SPUBLISH', KEYS[4], '')
return 1
