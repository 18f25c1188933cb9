-- lib/room: a room's fields, or nil where there is none.
local function room_of(key)
  local f = redis.call('HMGET', key, 'type', 'name', 'createdAt', 'createdBy', 'owner',
    'visibility', 'roles', 'listed', 'maxMembers', 'slowModeMs', 'last', 'sanctioned', 'closedAt')
  if not f[1] then
    return nil
  end
  return {
    type = f[1], name = f[2], created_at = f[3], created_by = f[4], owner = f[5],
    visibility = f[6], roles = f[7], listed = f[8], max_members = f[9], slow_mode_ms = f[10],
    last = f[11], sanctioned = f[12], closed_at = f[13],
  }
end
