-- lib/farewell: add to frames what tells a room that a user left it. who: {id, json}.
local function farewell(event, frames, room_id, members, who, reason)
  frames[#frames + 1] = 'all'
  frames[#frames + 1] = '["user-left-room",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","user":'
    .. who.json .. ',"memberCount":' .. redis.call('ZCARD', members) .. ',"reason":"' .. reason .. '"}]'
end
