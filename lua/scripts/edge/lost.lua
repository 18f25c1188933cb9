-- edge/lost: an edge was given up. The connections that it had in this partition end, by the events by
-- which it would have reported that itself, so many at a time.
--
-- KEYS
--    1-4         see lib/open
--    5 seats     zset    write   the edge's connections by the time they were taken in (ms):
--                                `<connection> <user> <room, or nothing>`
--    6 intake    stream  write   the partition's events
-- ARGV
--    1-6         see lib/open
--    7 edge      the edge's incarnation
--    8 until     connections taken in up to this time end (ms); empty: up to this event
--    9 max       most connections that end at once
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local edge, ends = ARGV[7], ARGV[8] ~= '' and ARGV[8] or event.time
local function append(name, entity, user, connection, payload)
  redis.call('XADD', KEYS[6], '*', 'event', name, 'entity', entity, 'user', user, 'name', '', 'roles', '',
    'origin', edge .. '/' .. connection, 'payload', payload)
end
local seats = redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', ends, 'LIMIT', 0, ARGV[9])
for _, seat in ipairs(seats) do
  local connection, user, room = string.match(seat, '^(%S+) (%S+) (%S*)$')
  if connection and room ~= '' then
    append('connection-closed', room, user, connection, '{"roomId":"' .. room .. '"}')
  elseif connection then
    append('user-disconnected', 'user:' .. user, user, connection, '{"userId":"' .. user .. '"}')
  end
  redis.call('ZREM', KEYS[5], seat)
end
if redis.call('ZCOUNT', KEYS[5], '-inf', ends) > 0 then
  append('edge-lost', '', 'service', '', '{"edge":"' .. edge .. '","until":' .. ends .. '}')
end
return succeed(event, '"result":{}')
