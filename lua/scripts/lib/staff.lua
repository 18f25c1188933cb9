-- lib/staff: whether roles (as ",a,b,") let somebody into any room.
local function is_staff(roles)
  return string.find(roles, ',admin,', 1, true) or string.find(roles, ',service,', 1, true)
end
