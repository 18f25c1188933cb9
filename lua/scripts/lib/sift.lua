-- lib/sift: who stays in a room and who does not, when access to it becomes another. What roles others
-- have in the platform is not known: a room that holders of some roles entered keeps them if it stays
-- open to those roles; in all other cases of a narrow room only those stay whom it names.
-- after: visibility, roles, list (flat user id and role), named (user id by role: the list, and who stays
-- whatever it says). Gives the ids of who is to stay and to go, as far as they must be looked at, and
-- whether all others are to go; or nil where more than max who are present would have to go.
local function sift(room, access, members, after, max)
  local open = after.visibility == 'public' and after.roles == ''
  local same = room.visibility == 'public' and room.roles ~= '' and after.visibility == 'public'
  for word in string.gmatch(room.roles, '[^,]+') do
    same = same and string.find(',' .. after.roles .. ',', ',' .. word .. ',', 1, true)
  end
  local staying, going, count = {}, {}, 0
  local function look_at(who)
    if after.named[who] or open then
      staying[#staying + 1] = who
    else
      going[#going + 1] = who
      count = count + (redis.call('ZSCORE', members, who) and 1 or 0)
    end
  end
  if open or same then
    local listed = redis.call('HKEYS', access)
    for _, who in ipairs(listed) do
      look_at(who)
    end
    for who in pairs(after.named) do
      if redis.call('HEXISTS', access, who) == 0 then
        look_at(who)
      end
    end
  else
    local present = redis.call('ZRANGE', members, 0, max + #after.list / 2 + 2)
    for _, who in ipairs(present) do
      look_at(who)
    end
  end
  return count <= max and { staying = staying, going = going, others = not (open or same) } or nil
end
