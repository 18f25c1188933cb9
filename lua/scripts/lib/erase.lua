-- lib/erase: take away what a message says, of which a tombstone stays. Gives the frames that tell the
-- room; none where the message is deleted or not kept any more.
-- by: who does it, as JSON.
local function erase(event, store, room_id, id, by)
  local message = redis.call('HGET', store.messages, id)
  if not message or redis.call('HSETNX', store.index, 'deleted ' .. id, event.time) == 0 then
    return {}
  end
  local head, times = string.match(message, '^([^\n]*)\n.*\n([^\n]*)}$')
  redis.call('HSET', store.messages, id, head .. '\n""\n,"mentions":[],"reactions":\n{}\n' .. times
    .. ',"deletedAt":' .. event.time .. '}')
  unreact(store, id)
  return {
    'all', '["message-deleted",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","messageId":"' .. id
      .. '","deletedBy":' .. by .. '}]',
  }
end
