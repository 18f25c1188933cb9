-- lib/idle: a room that nobody is in and nobody belongs to is looked at again after a while, and forgotten
-- if nothing happened in it since. `%.0f`: Lua writes large numbers in another way.
local function idle(event, due, room_id, members, belongs, ttl_ms)
  if redis.call('ZCARD', members) == 0 and redis.call('HLEN', belongs) == 0 then
    look(due, room_id, string.format('%.0f', event.time + ttl_ms))
  end
end
