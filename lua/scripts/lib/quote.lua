-- lib/quote: what an answer shows of the message that it answers: {id, sender, excerpt}. All of it is
-- JSON already; the excerpt is cut between characters, never inside one or its escape (`\"`).
local function quote(message, id, characters_max)
  local sender, content = string.match(message, '"sender":(.-),"kind":.-,"content":\n"([^\n]*)"\n')
  local stop = 0
  for _ = 1, characters_max do
    local _, last = string.find(content, '^\\?.[\128-\191]*', stop + 1)
    if not last then
      break
    end
    stop = last
  end
  return '{"id":"' .. id .. '","sender":' .. sender .. ',"excerpt":"' .. string.sub(content, 1, stop) .. '"}'
end
