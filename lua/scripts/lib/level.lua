-- lib/level: how much somebody may do in a room, by room role and platform roles (as ",a,b,").
-- From 2 on one moderates. Nobody acts on somebody of an equal or higher level.
local function level(role, roles)
  if string.find(roles, ',admin,', 1, true) then
    return 4
  elseif role == 'owner' then
    return 3
  elseif string.find(roles, ',moderator,', 1, true) then
    return 2.5
  end
  return role == 'moderator' and 2 or role == 'viewer' and 0 or 1
end
