-- lib/listing: tell the directory how a room looks now if it is public, or that it is not public any more.
local function list(event, room_id, room)
  if room.visibility == 'public' and not room.closed_at then
    inform(event, 'room-listed', 'directory', room.created_by, '{"roomId":"' .. room_id .. '","type":"'
      .. room.type .. '","roles":"' .. room.roles .. '","createdAt":' .. room.created_at .. ',"room":'
      .. view(room_id, room) .. '}')
  else
    inform(event, 'room-unlisted', 'directory', room.created_by, '{"roomId":"' .. room_id .. '"}')
  end
end
