-- user/exited: a room says what a user is there no more.
--
-- KEYS
--    1-4         see lib/open
--    5 rooms     zset    write   rooms that the user belongs to
--    6 present   zset    write   rooms that the user is present in
--    7 owned     zset    write   rooms that the user owns
-- ARGV
--    1-6         see lib/open
--    7 room_id   id of the room
--    8 present, 9 belongs, 10 owns   1 where that ended
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end

local function strike(key, ended)
  if ended == '1' then
    redis.call('ZREM', key, ARGV[7])
  end
end
strike(KEYS[6], ARGV[8])
strike(KEYS[5], ARGV[9])
strike(KEYS[7], ARGV[10])
return succeed(event, '"result":{}')
