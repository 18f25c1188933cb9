-- lib/put_out: do what lib/sift found: those who stay have the role of now, the others are out, and belong
-- no more. Adds what the room is told to frames.
-- keys: members, presence, connections, belongs, and as in lib/crowd; found, after: see lib/sift; told_max: most users who are
-- told that they belong no more though they are away. Others find out when their rooms are read.
local function put_out(event, frames, room_id, keys, found, after, told_max)
  for _, who in ipairs(found.staying) do
    recast(frames, keys.presence, who, after.named[who] or 'member')
  end
  for _, who in ipairs(found.going) do
    local present = redis.call('ZSCORE', keys.members, who)
    if present then
      frames[#frames + 1] = 'user:' .. who
      frames[#frames + 1] = '["room-left",{"roomId":"' .. room_id .. '","reason":"removed"}]'
      local out = { id = who, json = person(keys.presence, who) }
      depart(event, frames, room_id, keys, out)
      if not crowd(event, keys, 'left', out) then
        farewell(event, frames, room_id, keys.members, out, 'removed')
      end
    end
    if redis.call('HDEL', keys.belongs, who) == 1 or present then
      exited(event, room_id, who, true, true, false)
    end
  end
  if not found.others then
    return
  end
  local kept = {}
  for who in pairs(after.named) do
    local mark = redis.call('HGET', keys.belongs, who)
    if mark then
      kept[#kept + 1] = who
      kept[#kept + 1] = mark
    end
  end
  local away = redis.call('HSCAN', keys.belongs, '0', 'COUNT', told_max)[2]
  for n = 1, math.min(#away, 2 * told_max), 2 do
    if not after.named[away[n]] then
      exited(event, room_id, away[n], true, true, false)
    end
  end
  redis.call('UNLINK', keys.belongs)
  if #kept > 0 then
    redis.call('HSET', keys.belongs, unpack(kept))
  end
end
