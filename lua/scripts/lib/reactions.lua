-- lib/reactions: a message's reactions as everybody sees them: exact counts, and the first 20 users.
local function reactions_of(lists, slots)
  local parts = {}
  for n, slot in ipairs(slots) do
    local low, high = span(slot.list)
    local users = redis.call('ZRANGEBYSCORE', lists, low, high, 'LIMIT', 0, 20)
    for i, item in ipairs(users) do
      users[i] = string.match(item, ' (.+)$')
    end
    parts[n] = slot.emoji .. ':{"count":' .. redis.call('ZCOUNT', lists, low, high) .. ',"users":["'
      .. table.concat(users, '","') .. '"]}'
  end
  return '{' .. table.concat(parts, ',') .. '}'
end
