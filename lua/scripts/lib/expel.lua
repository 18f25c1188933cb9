-- lib/expel: end a user's presence in a room, and belonging to it unless the room's access list says
-- so, in one entry of the log.
-- keys: members, presence, connections, belongs, access. told: frames that come before, perhaps none;
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
    farewell(event, told, place.id, keys.members, who, reason)
  end
  if #told > 0 then
    record(event, place, room.last, '', told)
  end
  if present or belonged then
    inform(event, 'room-exited', 'user:' .. who.id, who.id, '{"userId":"' .. who.id .. '","roomId":"'
      .. place.id .. '","present":true,"belongs":' .. tostring(belonged) .. ',"owns":false}')
  end
end
