-- lib/sanction: a user's mute or ban (kind) in a room as JSON, if it is in force now.
-- `sanctioned` says that the room ever had one, so that most rooms cost no look.
local function sanction(room, sanctions, kind, user, now)
  local held = room.sanctioned and redis.call('HGET', sanctions, kind .. ' ' .. user)
  if not held then
    return nil
  end
  local ends = string.match(held, '"until":(%d+)')
  if ends and tonumber(ends) <= tonumber(now) then
    return nil
  end
  return held
end
