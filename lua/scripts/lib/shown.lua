-- lib/shown: a message as it may be shown now: what it quotes is blank where that is deleted or not kept
-- any more. user: who asks for it and sees `me`; nil for what everybody gets.
local function shown(store, message, user)
  local _, before = string.find(message, ',"replyTo":{"id":"', 1, true)
  if before then
    local quoted = string.match(message, '^[^"]+', before + 1)
    if redis.call('HEXISTS', store.messages, quoted) == 0
      or redis.call('HEXISTS', store.index, 'deleted ' .. quoted) == 1 then
      local _, opens = string.find(message, ',"excerpt":"', before, true)
      local closes = string.find(message, '"},"reactions":\n', opens, true)
      message = string.sub(message, 1, opens) .. string.sub(message, closes)
    end
  end
  if user and not string.find(message, '\n{}\n', 1, true) then
    local head, content, rest, reactions, times = lines_of(message)
    reactions = with_me(store, string.match(head, '^{"id":"([^"]+)"'), reactions, user)
    message = table.concat({ head, content, rest, reactions, times }, '\n')
  end
  return message
end
