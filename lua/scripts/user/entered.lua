-- user/entered: a room says what a user is there from now on. Where the user came to be present and is
-- not active, the room is told.
--
-- KEYS
--    1-4         see lib/open
--    5 user      hash    read    the user's fields
--    6 rooms     zset    write   rooms that the user belongs to, by the time it began
--    7 present   zset    write   rooms that the user is present in, by the time it began
--    8 owned     zset    write   rooms that the user owns, by the time it began
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 room_id   id of the room
--    9 present, 10 belongs, 11 owns   1 where the user is, does, does
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open lib/inform
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local room_id = ARGV[8]

local function note(key, holds)
  if holds == '1' then
    redis.call('ZADD', key, 'NX', event.time, room_id)
  end
end
note(KEYS[7], ARGV[9])
note(KEYS[6], ARGV[10])
note(KEYS[8], ARGV[11])
local status = redis.call('HGET', KEYS[5], 'status')
if ARGV[9] == '1' and status then
  inform(event, 'status-changed', room_id, ARGV[7], '{"roomId":"' .. room_id .. '","status":"' .. status
    .. '"}')
end
return succeed(event, '"result":{}')
