-- lib/refuse: a rule said no. The refusal is answered, remembered like a success, and the event done.
-- The code is one of the contract's words; message and field are plain ASCII of our own. held: the mute or
-- ban that says no, as JSON: when it ends is told.
local function refuse(event, code, message, field, held)
  local details = ''
  if field then
    local ends = held and string.match(held, '"until":%d+')
    details = ',"details":{"field":"' .. field .. '"' .. (ends and ',' .. ends or '') .. '}'
  end
  local body = '"error":{"code":"' .. code .. '","message":"' .. message .. '"' .. details .. '}'
  return succeed(event, body, nil, 'refused ' .. code)
end
