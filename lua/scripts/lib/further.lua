-- lib/further: whether a place in another stream, `<term> <id>`, is after another. In a later term a stream
-- may give out lower ids. A place without a term is one from before there were terms.
local function further(a, b)
  local a_term, b_term = string.match(a, '^(%d+) ') or '0', string.match(b, '^(%d+) ') or '0'
  if a_term ~= b_term then
    return tonumber(a_term) > tonumber(b_term)
  end
  return later(string.match(a, '%S+$'), string.match(b, '%S+$'))
end
