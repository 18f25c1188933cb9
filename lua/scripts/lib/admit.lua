-- lib/admit: the role in which a user is in a room, or nil and what the script returns: the refusal of
-- somebody who may not be in it.
local function admit(event, room, access, sanctions, user, roles)
  local role, barred = enter(room, access, sanctions, user, roles, event.time)
  if role then
    return role
  end
  if barred == 'not-found' then
    return nil, refuse(event, 'not-found', 'there is no such room', 'roomId')
  elseif barred == 'banned' then
    local held = sanction(room, sanctions, 'ban', user, event.time)
    return nil, refuse(event, 'banned', 'you are banned from this room', 'roomId', held)
  elseif barred == 'gone' then
    return nil, refuse(event, 'gone', 'the room is closed', 'roomId')
  end
  return nil, refuse(event, 'forbidden', 'this room is for holders of certain roles', 'roomId')
end
