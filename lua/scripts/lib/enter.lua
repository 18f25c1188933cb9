-- lib/enter: the role in which a user may be in a room, or nil and the refusal's code.
-- roles: the user's roles as ",a,b,". A private room hides that it exists.
local function enter(room, access, user, roles)
  local role
  if room.owner == user then
    role = 'owner'
  elseif room.listed == '1' then
    role = redis.call('HGET', access, user)
  end
  local staff = string.find(roles, ',admin,', 1, true) or string.find(roles, ',service,', 1, true)
  if staff and (not role or role == 'viewer') then
    return 'member'
  end
  if role then
    return role
  end
  if room.visibility == 'private' then
    return nil, 'not-found'
  end
  if room.roles == '' then
    return 'member'
  end
  for word in string.gmatch(room.roles, '[^,]+') do
    if string.find(roles, ',' .. word .. ',', 1, true) then
      return 'member'
    end
  end
  return nil, 'forbidden'
end
