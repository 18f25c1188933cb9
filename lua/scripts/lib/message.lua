-- lib/message: a message's current state as JSON, or nil where it is not kept.
local function message_of(messages, id)
  return redis.call('HGET', messages, id) or nil
end
