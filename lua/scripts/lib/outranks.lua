-- lib/outranks: what the script returns for a moderator who may not act on a user; nil for one who may.
-- own: the moderator's level; user and target: ids of the two.
local function outranks(event, room, access, own, user, target)
  local refused = unfit(event, own)
  if refused then
    return refused
  elseif user == target then
    return refuse(event, 'forbidden', 'nobody moderates themselves', 'userId')
  elseif own < 4 and room.owner ~= user and own <= standing(room, access, target) then
    return refuse(event, 'forbidden', 'the user has the same rights as you, or more', 'userId')
  end
  return nil
end
