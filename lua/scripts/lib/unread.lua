-- lib/unread: how many messages of others came after a mark and are not deleted: at most shown_max, of at
-- most read_max messages that are looked at.
local function unread(order, index, user, mark, shown_max, read_max)
  local count, looked_at = 0, 0
  repeat
    local entries = redis.call('XRANGE', order, '(' .. mark, '+', 'COUNT', 200)
    local deleted = {}
    for _, entry in ipairs(entries) do
      if entry[2][2] ~= user then
        deleted[#deleted + 1] = 'deleted ' .. entry[1]
      end
      mark = entry[1]
    end
    if #deleted > 0 then
      for _, at in ipairs(redis.call('HMGET', index, unpack(deleted))) do
        count = at and count or count + 1
      end
    end
    looked_at = looked_at + #entries
  until #entries < 200 or count >= shown_max or looked_at >= read_max
  return math.min(count, shown_max)
end
