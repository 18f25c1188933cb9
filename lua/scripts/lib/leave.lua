-- lib/leave: take a user out of those who are present and tell the room.
-- told: frames that come before the room's own `user-left-room`.
local function leave(event, place, prev, who, members, presence, reason, told)
  redis.call('ZREM', members, who.id)
  redis.call('HDEL', presence, who.id)
  local frames = told or {}
  frames[#frames + 1] = 'exit'
  frames[#frames + 1] = who.id
  frames[#frames + 1] = 'all'
  frames[#frames + 1] = '["user-left-room",{"id":"' .. event.id .. '","roomId":"' .. place.id
    .. '","user":' .. who.json .. ',"memberCount":' .. redis.call('ZCARD', members)
    .. ',"reason":"' .. reason .. '"}]'
  record(event, place, prev, '', frames)
end
