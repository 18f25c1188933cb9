-- lib/look: have room/idle look at a room at a time (ms). A room has one such look: a later one replaces it.
local function look(due, room_id, time)
  redis.call('ZADD', due, time, '{"event":"room-idle","entity":"' .. room_id .. '","user":"service","name":"",'
    .. '"roles":"","origin":"","payload":"{\\"roomId\\":\\"' .. room_id .. '\\"}"}')
end
