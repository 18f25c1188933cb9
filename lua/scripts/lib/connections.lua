-- lib/connections: the connections of one user in a room, each `<edge>/<connection>`, kept as one
-- space-separated field. Gives the list and, by connection, its places.
local function connections_of(key, user)
  local list, places = {}, {}
  for id in string.gmatch(redis.call('HGET', key, user) or '', '%S+') do
    list[#list + 1] = id
    places[id] = #list
  end
  return list, places
end
