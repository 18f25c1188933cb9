-- lib/slots: the emoji of a message in the order in which they came, each with the list of its users.
-- Kept as `"<emoji>" <list> …`, the emoji as JSON text, which has no blanks.
local function slots_of(index, id)
  local slots = {}
  local held = redis.call('HGET', index, 'emoji ' .. id) or ''
  for emoji, list in string.gmatch(held, '([^ ]+) (%d+)') do
    slots[#slots + 1] = { emoji = emoji, list = list }
  end
  return slots
end
