-- lib/outranks: what the script returns for a moderator who may not act on a user; nil for one who may.
-- own: the moderator's level; user and target: ids of the two.
local function outranks(event, room, access, own, user, target)
  if own < 2 then
    return refuse(event, 'forbidden', 'this is for those who moderate the room', 'roomId')
  elseif user == target then
    return refuse(event, 'forbidden', 'nobody moderates themselves', 'userId')
  elseif own < 4 and room.owner ~= user and own <= standing(room, access, target) then
    return refuse(event, 'forbidden', 'the user has the same rights as you, or more', 'userId')
  end
  return nil
end
