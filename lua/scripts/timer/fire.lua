-- timer/fire: work whose time has come goes into the partition's intake, to be applied like any
-- other event.
--
-- KEYS
--    1 position  hash    read    who owns the partition
--    2 due       zset    write   work by due time
--    3 intake    stream  write   the partition's events
-- ARGV
--    1 fence     the owner's fence
--    2 max       most entries moved at once
-- RETURNS
--    number moved, time of the next one (ms; empty where there is none)
-- ERRORS
--    FENCED
-- USES
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
  return redis.error_reply('FENCED another worker owns the partition')
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local works = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[2])
for _, work in ipairs(works) do
  local fields = {}
  for name, value in pairs(cjson.decode(work)) do
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  redis.call('XADD', KEYS[3], '*', unpack(fields))
  redis.call('ZREM', KEYS[2], work)
end
local next_work = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
return { #works, next_work[2] or '' }
