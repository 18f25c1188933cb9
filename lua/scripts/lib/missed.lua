-- lib/missed: what a user missed in a room since an id, as the `missed` of `room-joined`.
-- Complete only where nothing between that id and the first entry was trimmed, and nothing is left
-- out: neither for its number (max) or size (bytes_max), nor because its message is not kept.
local function missed(log, messages, room_id, user, since, event_id, last, max, bytes_max)
  local entries = logged(log, messages, room_id, since, max + 1)
  local complete = #entries <= max and not later(since, event_id)
  if #entries == 0 then
    -- A room without any entry is not the one that the id is from.
    complete = complete and not later(last, since) and (last ~= '0-0' or since == last)
  elseif later(entries[1].prev, since) then
    complete = false
  end
  local events, bytes = {}, 0
  for _, entry in ipairs(entries) do
    if #events + #entry.frames / 2 > max or bytes > bytes_max then
      complete = false
      break
    end
    complete = complete and not entry.lost
    local frames = entry.frames
    for i = 1, #frames, 2 do
      if frames[i] == 'all' or frames[i] == 'others' or frames[i] == 'user:' .. user then
        -- A frame is `["event",payload]`.
        local frame = frames[i + 1]
        local quote = string.find(frame, '"', 3, true)
        events[#events + 1] = '{"event":' .. string.sub(frame, 2, quote) .. ',"payload":'
          .. string.sub(frame, quote + 2, -2) .. '}'
        bytes = bytes + #frame
      end
    end
  end
  return '{"complete":' .. tostring(complete) .. ',"events":[' .. table.concat(events, ',') .. ']}'
end
