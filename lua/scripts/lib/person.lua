-- lib/person: a user as clients see one, `{id, name}`. The name of somebody who is not present is not
-- known; the id stands for it.
local function person(presence, user)
  local held = redis.call('HGET', presence, user)
  local name = held and cjson.decode(held).name or user
  return '{"id":"' .. user .. '","name":' .. cjson.encode(name) .. '}'
end
