-- lib/span: the lowest and the highest score of a list's items. A room's threads and reactions are lists
-- that share one sorted set, so that a script knows all of its keys: item n of a list has the score
-- list * 2^27 + n, and the name `<list> <item>`.
local function span(list)
  local low = list * 134217728
  return low, low + 134217727
end
