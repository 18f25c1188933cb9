-- lib/logged: entries of a room's log with their frames, pointers to messages filled in with the
-- messages' current state.
-- Gives a list of {id, prev, term, origin, frames, lost}, oldest first, after the id `after`, and whether
-- it ends early because it has more than bytes_max bytes (nil: any number). lost: the message is not kept
-- any more.
local function logged(log, store, room_id, after, count, bytes_max)
  local function filled(name, id, message_id, message)
    local frame = '["' .. name .. '",{"id":"' .. id .. '","roomId":"' .. room_id .. '",'
    if name == 'message-reaction' then
      local _, _, _, reactions = lines_of(message)
      return frame .. '"messageId":"' .. message_id .. '","reactions":' .. reactions .. '}]'
    end
    return frame .. '"message":' .. shown(store, message) .. '}]'
  end
  local list, bytes = {}, 0
  for _, entry in ipairs(redis.call('XRANGE', log, '(' .. after, '+', 'COUNT', count)) do
    if bytes_max and bytes > bytes_max then
      return list, true
    end
    local id, fields = entry[1], entry[2]
    local frames, lost = {}, false
    for i = 7, #fields, 2 do
      local to, frame = fields[i], fields[i + 1]
      if string.sub(to, 1, 8) == 'message-' then
        local message = message_of(store.messages, frame)
        lost = lost or not message
        to, frame = 'all', message and filled(to, id, frame, message)
      end
      if frame then
        frames[#frames + 1] = to
        frames[#frames + 1] = frame
        bytes = bytes + #frame
      end
    end
    list[#list + 1] = {
      id = id, term = fields[2], prev = fields[4], origin = fields[6], frames = frames, lost = lost,
    }
  end
  return list, false
end
