-- lib/roll: an access list as it was sent (user id and role, separated by newlines): flat, and the role by
-- user id.
local function roll_of(text)
  local list, named = {}, {}
  for word in string.gmatch(text, '[^\n]+') do
    list[#list + 1] = word
  end
  for n = 1, #list, 2 do
    named[list[n]] = list[n + 1]
  end
  return list, named
end
