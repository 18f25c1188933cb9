-- lib/root: id of the message that began the thread in which a message stands, or nil.
local function root_of(message)
  return string.match(message, '^[^\n]*,"threadId":"([^"]+)","content":\n')
end
