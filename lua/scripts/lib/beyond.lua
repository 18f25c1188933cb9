-- lib/beyond: whether text a comes after text b by bytes, as members of equal score stand in a sorted
-- set. Lua's own comparison follows the locale of the server.
local function beyond(a, b)
  for n = 1, math.min(#a, #b) do
    local byte_a, byte_b = string.byte(a, n), string.byte(b, n)
    if byte_a ~= byte_b then
      return byte_a > byte_b
    end
  end
  return #a > #b
end
