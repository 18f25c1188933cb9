-- room/tick: tell a large room who came and went since the last time. Not logged: the next one has the
-- count, and so has whoever enters. What is gathered is told in a room that is not large any more, too,
-- unless an event of its own has told the contrary since.
--
-- KEYS
--    1-4         see lib/open
--    5 members   zset    read    present users
--    6 gathered  hash    write   who came and who went
--    7 due       zset    write   a tick that comes too early is put off
--    8 channel   channel publish members' edges
-- ARGV
--    1-6         see lib/open
--    7 room_id   id of the room
--    8 tick      this event, as JSON
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open lib/tick
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local gathered = KEYS[6]

local held, users = {}, { joined = {}, left = {} }
local flat = redis.call('HGETALL', gathered)
for i = 1, #flat, 2 do
  local list, user = string.match(flat[i], '^(%a+) (.+)$')
  if not list then
    held[flat[i]] = flat[i + 1]
  elseif (list == 'joined') == (redis.call('ZSCORE', KEYS[5], user) and true or false) then
    table.insert(users[list], flat[i + 1])
  end
end
if not held.changed then
  return succeed(event, '"result":{}')
end
if tonumber(event.time) < tonumber(held.told or 0) + 1000 then
  redis.call('ZADD', KEYS[7], 'NX', tick_at(event, gathered), ARGV[8])
  return succeed(event, '"result":{}')
end

redis.call('DEL', gathered)
redis.call('HSET', gathered, 'told', event.time)
local outcome = succeed(event, '"result":{}')
tell(event, KEYS[8], '{"frames":[{"to":"all","frame":["room-presence",{"roomId":"' .. ARGV[7]
  .. '","memberCount":' .. redis.call('ZCARD', KEYS[5]) .. ',"joined":[' .. table.concat(users.joined, ',')
  .. '],"left":[' .. table.concat(users.left, ',') .. ']}]}]}')
return outcome
