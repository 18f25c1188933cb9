-- lib/refuse: a rule said no. The refusal is answered, remembered like a success, and the event done.
-- The code is one of the contract's words; message and field are plain ASCII of our own.
local function refuse(event, code, message, field)
  local details = ''
  if field then
    details = ',"details":{"field":"' .. field .. '"}'
  end
  local body = '"error":{"code":"' .. code .. '","message":"' .. message .. '"' .. details .. '}'
  return succeed(event, body, nil, 'refused ' .. code)
end
