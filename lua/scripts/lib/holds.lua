-- lib/holds: whether roles (as ",a,b,") have one of the words of a list (as "a,b").
local function holds_one(roles, words)
  for word in string.gmatch(words, '[^,]+') do
    if string.find(roles, ',' .. word .. ',', 1, true) then
      return true
    end
  end
  return false
end
