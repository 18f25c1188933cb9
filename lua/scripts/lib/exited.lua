-- lib/exited: tell a user what ended in a room: being present, belonging, owning it.
local function exited(event, room_id, user, present, belongs, owns)
  inform(event, 'room-exited', 'user:' .. user, user, '{"userId":"' .. user .. '","roomId":"' .. room_id
    .. '","present":' .. tostring(present) .. ',"belongs":' .. tostring(belongs) .. ',"owns":'
    .. tostring(owns) .. '}')
end
