-- room/idle: forget a room that nobody is in and nobody belongs to, if nothing happened in it for a while.
-- A closed room's people are told first that they belong to it no more, so many at a time.
--
-- KEYS
--    1-4         see lib/open
--    5 due       zset    write   when to look again
--    6 room      hash    write   the room's fields
--    7 members   zset    write   present users by time of joining
--    8 belongs   hash    write   user id by read mark
--    9…          all else that belongs to the room
-- ARGV
--    1-6         see lib/open
--    7 room_id   id of the room
--    8 idle_ms   how long a room without anyone is kept
--    9 told_max  most users who are told at once
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open lib/room lib/inform lib/view lib/listing lib/exited lib/look
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local due, key, members, belongs = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local room_id, told_max = ARGV[7], tonumber(ARGV[9])

local function tell_some()
  local some = redis.call('HSCAN', belongs, '0', 'COUNT', told_max)[2]
  for n = 1, #some, 2 do
    redis.call('HDEL', belongs, some[n])
    exited(event, room_id, some[n], true, true, false)
  end
end

local room = room_of(key)
if room and room.closed_at then
  tell_some()
end
if room and redis.call('ZCARD', members) == 0 and redis.call('HLEN', belongs) == 0 then
  local quiet = math.max(room.closed_at or 0, room.created_at, string.match(room.last, '^%d+'))
  if quiet + ARGV[8] > tonumber(event.time) then
    look(due, room_id, string.format('%.0f', quiet + ARGV[8]))
  else
    if room.visibility == 'public' and not room.closed_at then
      room.closed_at = event.time
      list(event, room_id, room)
    end
    redis.call('UNLINK', key, members, belongs, unpack(KEYS, 9))
  end
elseif room and room.closed_at then
  look(due, room_id, event.time)
end
return succeed(event, '"result":{}')
