-- lib/me: a message's reactions as a user sees them: `me` at those that are the user's own.
local function with_me(store, id, reactions, user)
  local slots, items = slots_of(store.index, id), {}
  for n, slot in ipairs(slots) do
    items[n] = slot.list .. ' ' .. user
  end
  if #items == 0 then
    return reactions
  end
  local own = redis.call('ZMSCORE', store.lists, unpack(items))
  -- They stand in the order of the slots, each `<emoji>:{…]}`; user ids have no bracket.
  local parts, at = {}, 2
  for n, slot in ipairs(slots) do
    local stop = string.find(reactions, ']}', at + #slot.emoji, true)
    parts[n] = string.sub(reactions, at, stop) .. (own[n] and ',"me":true}' or '}')
    at = stop + 3
  end
  return '{' .. table.concat(parts, ',') .. '}'
end
