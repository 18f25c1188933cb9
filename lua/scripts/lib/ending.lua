-- lib/ending: when something is over that begins with an event and lasts for a duration (ms, or empty
-- for ever), as text. `%.0f`: Lua writes large numbers in another way.
local function ending(event, duration_ms)
  return duration_ms ~= '' and string.format('%.0f', event.time + duration_ms) or ''
end
