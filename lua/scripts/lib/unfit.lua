-- lib/unfit: what the script returns for somebody who does not moderate; nil for who does. own: their level.
local function unfit(event, own)
  if own < 2 then
    return refuse(event, 'forbidden', 'this is for those who moderate the room', 'roomId')
  end
  return nil
end
