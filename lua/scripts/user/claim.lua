-- user/claim: the first half of `create-room`: the room counts as one that the user owns, and the event
-- goes on to the room, which answers it. Where the room refuses, it gives the claim back.
--
-- KEYS
--    1-4         see lib/open
--    5 owned     zset    write   rooms that the user owns by the time it began
-- ARGV
--    1-6         see lib/open
--    7 room_id   id of the room
--    8 max       rooms that a user may own
--    9…          the record's fields and values
-- RETURNS
--    applied and no answer, again, or refused and the code
-- REFUSES
--    conflict    the user owns as many rooms as one may
-- ERRORS
--    FENCED REWIND
-- USES open lib/refuse
local function go_on(event)
  send(event, 'intake', unpack(ARGV, 9))
end

-- A repeat is for the room to answer, too. It claims nothing: the first time may have been refused.
local event, stop = open(KEYS, ARGV, function(_, event)
  go_on(event)
end)
if stop then
  return stop
end
local owned, room_id = KEYS[5], ARGV[7]
if not redis.call('ZSCORE', owned, room_id) then
  if redis.call('ZCARD', owned) >= tonumber(ARGV[8]) then
    return refuse(event, 'conflict', 'you own as many rooms as one may')
  end
  redis.call('ZADD', owned, event.time, room_id)
end
go_on(event)
if event.digest ~= '' then
  redis.call('SET', event.once, event.digest .. ' @', 'PX', 600000)
end
finish(event)
return { 'applied', '' }
