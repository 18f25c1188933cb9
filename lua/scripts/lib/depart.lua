-- lib/depart: end a user's presence in a room. Adds to frames what takes the user's connections out there.
-- keys: members, presence, connections.
local function depart(event, frames, room_id, keys, who)
  redis.call('ZREM', keys.members, who.id)
  redis.call('HDEL', keys.presence, who.id)
  redis.call('HDEL', keys.connections, who.id)
  frames[#frames + 1] = 'exit'
  frames[#frames + 1] = who.id
  if redis.call('ZCARD', keys.members) == 0 then
    send(event, 'lifecycle', 'event', 'room-vacated', 'room', room_id, 'at', event.time)
  end
end
