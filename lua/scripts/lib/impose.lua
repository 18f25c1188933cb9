-- lib/impose: write a mute or a ban (kind) and give the frames that tell the room.
-- who: the user {id, json}; by: the moderator as JSON; ends: when it is over (ms) or empty; reason: JSON
-- text or empty.
local function impose(event, key, sanctions, room_id, kind, who, by, ends, reason)
  local said = (ends ~= '' and ',"until":' .. ends or '') .. (reason ~= '' and ',"reason":' .. reason or '')
  redis.call('HSET', sanctions, kind .. ' ' .. who.id, '{"by":' .. by .. said .. '}')
  redis.call('HSET', key, 'sanctioned', '1')
  local name = kind == 'ban' and 'user-banned' or 'user-muted'
  return {
    'all', '["' .. name .. '",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","user":' .. who.json
      .. ',"by":' .. by .. said .. '}]',
  }
end
