-- lib/reach: publish something for a user's connections to each edge that has one.
-- inboxes: what the edges' channels begin with; message: the message after the user, as in
-- `"frame":["event",{}]`.
local function reach(event, inboxes, connections, user, message)
  local reached = {}
  for _, about in ipairs(redis.call('HVALS', connections)) do
    local edge = cjson.decode(about).edge
    if not reached[edge] then
      reached[edge] = true
      tell(event, inboxes .. edge, '{"user":"' .. user .. '",' .. message .. '}')
    end
  end
end
