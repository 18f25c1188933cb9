-- lib/unreact: take all reactions to a message away.
local function unreact(store, id)
  local held = redis.call('HGET', store.index, 'emoji ' .. id) or ''
  for list in string.gmatch(held, ' (%d+)') do
    discard(store.lists, list)
  end
  redis.call('HDEL', store.index, 'emoji ' .. id)
end
