-- lib/trim: forget the oldest messages of a room until there are at most `most`, with all traces of them.
-- A thread stays as long as one of its messages. At most 100 go at a time, so that it does not take long
-- where fewer are to be kept than before; the others go with the next.
local function trim(order, store, most)
  local excess = redis.call('XLEN', order) - most
  if excess <= 0 then
    return
  end
  for _, entry in ipairs(redis.call('XRANGE', order, '-', '+', 'COUNT', math.min(excess, 100))) do
    local id = entry[1]
    local message = message_of(store.messages, id) or ''
    if not string.find(message, '\n{}\n', 1, true) then
      unreact(store, id)
    end
    local root = root_of(message)
    local list = root and redis.call('HGET', store.index, 'thread ' .. root)
    if list then
      redis.call('ZREM', store.lists, list .. ' ' .. id)
      if redis.call('ZCOUNT', store.lists, span(list)) == 0 then
        discard(store.lists, list)
        redis.call('HDEL', store.index, 'thread ' .. root)
      end
    end
    if string.find(message, ',"deletedAt":', 1, true) then
      redis.call('HDEL', store.index, 'deleted ' .. id)
    end
    redis.call('HDEL', store.messages, id)
    redis.call('XDEL', order, id)
  end
end
