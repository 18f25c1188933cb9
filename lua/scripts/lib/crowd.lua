-- lib/crowd: whether a room is so large that the next `room-presence` tells who came or went, and no
-- event of its own; then that is noted. how: `joined` or `left`; the change is made already.
-- place: members, gathered, due, above (members of a room that is not large), tick (the event that tells,
-- as JSON).
local function crowd(event, place, how, who)
  if redis.call('ZCARD', place.members) <= tonumber(place.above) then
    return false
  end
  local contrary, listed_max = how == 'joined' and 'left' or 'joined', 50
  if redis.call('HDEL', place.gathered, contrary .. ' ' .. who.id) == 1 then
    -- Who came and went in between was never seen.
    redis.call('HINCRBY', place.gathered, contrary, -1)
  elseif tonumber(redis.call('HGET', place.gathered, how) or 0) < listed_max
    and redis.call('HSETNX', place.gathered, how .. ' ' .. who.id, who.json) == 1 then
    redis.call('HINCRBY', place.gathered, how, 1)
  end
  redis.call('HSET', place.gathered, 'changed', '1')
  redis.call('ZADD', place.due, 'NX', tick_at(event, place.gathered), place.tick)
  return true
end
