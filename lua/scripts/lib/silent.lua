-- lib/silent: what the script returns for somebody who is let into the room and may not write there; nil
-- for who may.
local function silent(event, room, role, sanctions, user)
  if role == 'viewer' then
    return refuse(event, 'forbidden', 'you may read this room, not write to it', 'roomId')
  end
  local muted = sanction(room, sanctions, 'mute', user, event.time)
  return muted and refuse(event, 'muted', 'you are muted in this room', 'roomId', muted)
end
