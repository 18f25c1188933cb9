-- directory/rooms: a page of the public rooms, the newest first. Rooms that are for holders of roles that
-- the user has not are passed over. So many are looked at for a page; it may be short and have a next one.
--
-- KEYS
--    1-4         see lib/open
--    5 views     hash    read    room id by the room as JSON, `roles <room>` by the roles that narrow it
--    6 list      zset    read    ids of public rooms by when they were made
-- ARGV
--    1-6         see lib/open
--    7 roles     the user's roles as ",a,b,"
--    8 score, 9 name   where the page before ended, or empty
--   10 limit     most rooms
--   11 look_max  most rooms that are looked at
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open lib/staff lib/beyond lib/older lib/holds
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local views, roles = KEYS[5], ARGV[7]
local score, name, limit, look_max = ARGV[8], ARGV[9], tonumber(ARGV[10]), tonumber(ARGV[11])

local function narrowings(ids)
  local fields = {}
  for n, id in ipairs(ids) do
    fields[n] = 'roles ' .. id
  end
  return #ids > 0 and redis.call('HMGET', views, unpack(fields)) or {}
end

local shown, cursor, looked_at, more = {}, '', 0, true
while more do
  -- One more than a page: it tells whether there is a next one.
  local ids, times = older(KEYS[6], score, name, limit + 1)
  local narrow = narrowings(ids)
  more = #ids > limit
  for n, id in ipairs(ids) do
    if #shown == limit or looked_at == look_max then
      cursor, more = ',"nextCursor":"' .. score .. ':' .. name .. '"', false
      break
    end
    score, name, looked_at = times[n], id, looked_at + 1
    if not narrow[n] or is_staff(roles) or holds_one(roles, narrow[n]) then
      shown[#shown + 1] = id
    end
  end
end
local rooms = #shown > 0 and table.concat(redis.call('HMGET', views, unpack(shown)), ',') or ''
return succeed(event, '"result":{"rooms":[' .. rooms .. ']' .. cursor .. '}')
