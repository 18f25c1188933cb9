-- lib/author: id of the user who wrote a message.
local function author_of(message)
  return string.match(message, '^{"id":"[^"]+","roomId":"[^"]+","sender":{"id":"([^"]+)"')
end
