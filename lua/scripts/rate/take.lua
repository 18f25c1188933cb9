-- rate/take: debit a bucket: what was used already, and then as much of what is asked as there is.
-- The bucket is one number (GCRA): the time at which it would be full again. By the server's clock,
-- which all edges share; these are no events.
--
-- KEYS
--    1 bucket    string  write   when the bucket would be full, microseconds; kept until then
-- ARGV
--    1 used      units that are gone already, whether the bucket has them or not
--    2 asked     units that are wanted beyond those
--    3 interval  microseconds in which one unit comes back
--    4 burst     units of a full bucket
-- RETURNS
--    granted, wait: of those asked; milliseconds until there is one unit, 0 where there is one left
-- USES
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local used, asked = tonumber(ARGV[1]), tonumber(ARGV[2])
local interval, burst = tonumber(ARGV[3]), tonumber(ARGV[4])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + used * interval
local left = math.floor((now + burst * interval - full) / interval)
local granted = math.max(0, math.min(asked, left))
full = full + granted * interval
if used + granted > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
end
local wait = full - (burst - 1) * interval - now
return { granted, math.max(0, math.ceil(wait / 1000)) }
