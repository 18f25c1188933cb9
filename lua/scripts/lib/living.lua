-- lib/living: a message that is kept and not deleted, or nil and what the script returns. field: the
-- payload's field that names it.
local function living(event, store, id, field)
  local message = message_of(store.messages, id)
  if not message then
    return nil, refuse(event, 'not-found', 'there is no such message in the room', field)
  elseif redis.call('HEXISTS', store.index, 'deleted ' .. id) == 1 then
    return nil, refuse(event, 'gone', 'the message is deleted', field)
  end
  return message
end
