-- lib/member: a present user as clients see it. name is JSON text.
local function member(user, name, role, status, joined)
  return '{"id":"' .. user .. '","name":' .. name .. ',"roomRole":"' .. role .. '","status":"' .. status
    .. '","joinedAt":' .. joined .. '}'
end
