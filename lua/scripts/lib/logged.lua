-- lib/logged: entries of a room's log with their frames, pointers to messages filled in with the
-- messages' current state.
-- Gives a list of {id, prev, term, origin, frames, lost}, oldest first, after the id `after`. lost: the
-- message is not kept any more.
local function logged(log, messages, room_id, after, count)
  local entries = redis.call('XRANGE', log, '(' .. after, '+', 'COUNT', count)
  if #entries == 0 then
    return entries
  end
  local current = {}
  local range = redis.call('XRANGE', messages, entries[1][1], entries[#entries][1])
  for _, message in ipairs(range) do
    current[message[1]] = message[2][2]
  end
  local list = {}
  for _, entry in ipairs(entries) do
    local id, fields = entry[1], entry[2]
    local frames, lost = {}, false
    for i = 7, #fields, 2 do
      local name, value = fields[i], fields[i + 1]
      if name == 'message-received' then
        if current[value] then
          frames[#frames + 1] = 'all'
          frames[#frames + 1] = '["message-received",{"id":"' .. id .. '","roomId":"' .. room_id
            .. '","message":' .. current[value] .. '}]'
        else
          lost = true
        end
      else
        frames[#frames + 1] = name
        frames[#frames + 1] = value
      end
    end
    list[#list + 1] = {
      id = id, term = fields[2], prev = fields[4], origin = fields[6], frames = frames, lost = lost,
    }
  end
  return list
end
