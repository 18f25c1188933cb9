-- lib/snapshot: a room as it is handed to who enters: the object of `room-joined`.
-- keys: members, presence, messages; most: members, messages, bytes of messages.
local function snapshot(id, room_id, room_json, keys, most, told)
  local listed = redis.call('ZRANGE', keys.members, 0, most.members - 1)
  local people = ''
  if #listed > 0 then
    people = table.concat(redis.call('HMGET', keys.presence, unpack(listed)), ',')
  end
  local recent = redis.call('XREVRANGE', keys.messages, '+', '-', 'COUNT', most.messages)
  local texts, bytes = {}, 0
  for n = 1, #recent do
    bytes = bytes + #recent[n][2][2]
    if bytes > most.bytes then
      break
    end
    table.insert(texts, 1, recent[n][2][2])
  end
  return '{"id":"' .. id .. '","roomId":"' .. room_id .. '","room":' .. room_json
    .. ',"members":[' .. people .. '],"memberCount":' .. redis.call('ZCARD', keys.members)
    .. ',"recentMessages":[' .. table.concat(texts, ',') .. ']' .. told .. '}'
end
