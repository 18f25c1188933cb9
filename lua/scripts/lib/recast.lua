-- lib/recast: give somebody who is present another role, in what others see and at the edges.
local function recast(frames, presence, user, role)
  local held = redis.call('HGET', presence, user)
  local now = held and string.gsub(held, '"roomRole":"%a+"', '"roomRole":"' .. role .. '"', 1)
  if now and now ~= held then
    redis.call('HSET', presence, user, now)
    frames[#frames + 1] = 'role:' .. user
    frames[#frames + 1] = '"' .. role .. '"'
  end
end
