-- lib/bar: refuse somebody who may not be in the room, with the code that `enter` gave.
local function bar(event, code)
  if code == 'not-found' then
    return refuse(event, 'not-found', 'there is no such room', 'roomId')
  end
  return refuse(event, 'forbidden', 'this room is for holders of certain roles', 'roomId')
end
