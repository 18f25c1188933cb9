-- lib/missed: what a user missed in a room since an id, as the `missed` of `room-joined`.
-- Complete only where that very id is of this history: in the log, or the entry before its first one, or
-- an event that the intake still keeps (not every event is logged); where nothing between that id and the
-- first entry was trimmed; and nothing is left out, neither for its number (max) or size (bytes_max), nor
-- because its message is not kept.
-- who: {id, moderates}; what was for moderators is for those who moderate now.
local function missed(log, intake, store, room_id, who, since, event_id, last, max, bytes_max)
  local entries, cut = logged(log, store, room_id, since, max + 1, bytes_max)
  local complete = #entries <= max and not cut and not later(since, event_id)
  local function keeps(stream)
    return #redis.call('XRANGE', stream, since, since) > 0
  end
  local before = #entries > 0 and entries[1].prev or last
  complete = complete and (since == before or keeps(log) or keeps(intake))
  if #entries == 0 then
    -- A room without any entry is not the one that the id is from.
    complete = complete and not later(last, since) and (last ~= '0-0' or since == last)
  elseif later(entries[1].prev, since) then
    complete = false
  end
  local function is_for(to)
    return to == 'all' or to == 'others' or to == 'user:' .. who.id or to == 'moderators' and who.moderates
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
      if is_for(frames[i]) then
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
