-- lib/missed: what a user missed in a room since an id, as the `missed` of `room-joined`.
-- Complete only where nothing between that id and the first entry was trimmed, and nothing is left out.
local function missed(log, messages, room_id, user, since, event_id, last, max)
  local entries = logged(log, messages, room_id, since, max + 1)
  local complete = #entries <= max and not later(since, event_id)
  if #entries == 0 then
    complete = complete and not later(last, since)
  elseif later(entries[1].prev, since) then
    complete = false
  end
  local events = {}
  for n = 1, math.min(#entries, max) do
    local frames = entries[n].frames
    for i = 1, #frames, 2 do
      if frames[i] == 'all' or frames[i] == 'others' or frames[i] == 'user:' .. user then
        local name, payload = string.match(frames[i + 1], '^%["([^"]+)",(.*)%]$')
        events[#events + 1] = '{"event":"' .. name .. '","payload":' .. payload .. '}'
      end
    end
  end
  return '{"complete":' .. tostring(complete) .. ',"events":[' .. table.concat(events, ',') .. ']}'
end
