-- lib/entered: tell a user what they are in a room from now on: present, belonging, its owner.
local function entered(event, room_id, user, present, belongs, owns)
  inform(event, 'room-entered', 'user:' .. user, user, '{"userId":"' .. user .. '","roomId":"' .. room_id
    .. '","present":' .. tostring(present) .. ',"belongs":' .. tostring(belongs) .. ',"owns":'
    .. tostring(owns) .. '}')
end
