-- lib/collect: messages as a user may see them now, in the order of their ids, and whether some are left
-- out because they have more than bytes_max bytes; one at least is given.
local function collect(store, ids, user, bytes_max)
  local texts, bytes = {}, 0
  if #ids == 0 then
    return texts, false
  end
  for _, message in ipairs(redis.call('HMGET', store.messages, unpack(ids))) do
    if message then
      message = shown(store, message, user)
      bytes = bytes + #message
      if bytes > bytes_max and #texts > 0 then
        return texts, true
      end
      texts[#texts + 1] = message
    end
  end
  return texts, false
end
