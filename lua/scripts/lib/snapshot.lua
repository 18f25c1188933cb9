-- lib/snapshot: a room as it is handed to who enters: the object of `room-joined`.
-- keys: members, presence, order; most: members, messages, bytes of messages.
local function snapshot(id, room_id, room_json, keys, store, user, most, told)
  local listed = redis.call('ZRANGE', keys.members, 0, most.members - 1)
  local people = ''
  if #listed > 0 then
    people = table.concat(redis.call('HMGET', keys.presence, unpack(listed)), ',')
  end
  local ids = redis.call('XREVRANGE', keys.order, '+', '-', 'COUNT', most.messages)
  for n, entry in ipairs(ids) do
    ids[n] = entry[1]
  end
  local newest_first, texts = collect(store, ids, user, most.bytes), {}
  for n, text in ipairs(newest_first) do
    texts[#newest_first - n + 1] = text
  end
  return '{"id":"' .. id .. '","roomId":"' .. room_id .. '","room":' .. room_json
    .. ',"members":[' .. people .. '],"memberCount":' .. redis.call('ZCARD', keys.members)
    .. ',"recentMessages":[' .. table.concat(texts, ',') .. ']' .. told .. '}'
end
