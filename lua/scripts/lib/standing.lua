-- lib/standing: the level of somebody whose platform roles are not known, by what the room knows.
local function standing(room, access, user)
  if room.owner == user then
    return level('owner', '')
  end
  return level(room.listed == '1' and redis.call('HGET', access, user) or 'member', '')
end
