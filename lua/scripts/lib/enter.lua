-- lib/enter: the role in which a user may be in a room, or nil and the refusal's code.
-- roles: the user's roles as ",a,b,". A private room hides that it exists; a closed one is gone to
-- whoever could enter it.
local function enter(room, access, sanctions, user, roles, now)
  if not room then
    return nil, 'not-found'
  end
  local staff, role = is_staff(roles), nil
  if not staff and sanction(room, sanctions, 'ban', user, now) then
    return nil, 'banned'
  end
  if room.owner == user then
    role = 'owner'
  elseif room.listed == '1' then
    role = redis.call('HGET', access, user)
  end
  if staff and (not role or role == 'viewer') then
    role = 'member'
  end
  if not role then
    if room.visibility == 'private' then
      return nil, 'not-found'
    end
    if room.roles ~= '' and not holds_one(roles, room.roles) then
      return nil, 'forbidden'
    end
    role = 'member'
  end
  if room.closed_at then
    return nil, 'gone'
  end
  return role
end
