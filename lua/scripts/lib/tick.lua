-- lib/tick: when a large room may next be told who came and went: soon, so that more gathers, and not
-- within a second after the last time: a little more, as what comes first may have come late.
local function tick_at(event, gathered)
  local told = tonumber(redis.call('HGET', gathered, 'told') or 0)
  return math.max(tonumber(event.time) + 250, told + 1100)
end
