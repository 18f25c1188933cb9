-- lib/enrol: write a room's access list (flat user id and role) in the place of the one before.
local function enrol(key, access, list)
  redis.call('HSET', key, 'listed', #list > 0 and '1' or '0')
  redis.call('DEL', access)
  if #list > 0 then
    redis.call('HSET', access, unpack(list))
  end
end
