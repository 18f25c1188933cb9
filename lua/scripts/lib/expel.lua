-- lib/expel: end a user's presence in a room, and belonging to it unless the room's access list says
-- so, in one entry of the log. A large room is told by its next `room-presence`.
-- keys: members, presence, connections, belongs, access, and as in lib/crowd; idle_ms: how long a room
-- without anyone is kept. told: frames that come before, perhaps none;
-- more: further fields of `room-left`, or nothing.
local function expel(event, place, room, who, keys, reason, told, more)
  local stays = room.owner == who.id or redis.call('HEXISTS', keys.access, who.id) == 1
  local belonged = not stays and redis.call('HDEL', keys.belongs, who.id) == 1
  local present = redis.call('ZSCORE', keys.members, who.id)
  if present then
    told[#told + 1] = 'user:' .. who.id
    told[#told + 1] = '["room-left",{"roomId":"' .. place.id .. '","reason":"' .. reason .. '"'
      .. (more or '') .. '}]'
    depart(event, told, place.id, keys, who)
    if not crowd(event, keys, 'left', who) then
      farewell(event, told, place.id, keys.members, who, reason)
    end
  end
  if #told > 0 then
    record(event, place, room.last, '', told)
  end
  if present or belonged then
    exited(event, place.id, who.id, true, belonged, false)
    idle(event, keys.due, place.id, keys.members, keys.belongs, keys.idle_ms)
  end
end
