-- lib/message: a message's current state as JSON, or nil where it is not kept.
local function message_of(messages, id)
  local found = redis.call('XRANGE', messages, id, id)
  return found[1] and found[1][2][2]
end
