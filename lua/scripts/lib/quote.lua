-- lib/quote: what an answer shows of the message that it answers: {id, sender, excerpt}.
-- The excerpt is cut between characters, never inside one.
local function quote(message, characters_max)
  local decoded = cjson.decode(message)
  local text, bytes, characters = decoded.content or '', 0, 0
  for n = 1, #text do
    local byte = string.byte(text, n)
    if byte < 128 or byte >= 192 then
      characters = characters + 1
      if characters > characters_max then
        break
      end
    end
    bytes = n
  end
  return '{"id":"' .. decoded.id .. '","sender":{"id":' .. cjson.encode(decoded.sender.id) .. ',"name":'
    .. cjson.encode(decoded.sender.name) .. '},"excerpt":' .. cjson.encode(string.sub(text, 1, bytes)) .. '}'
end
