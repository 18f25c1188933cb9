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
-- USES open lib/staff lib/beyond lib/older
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local views, roles, limit = KEYS[5], ARGV[7], tonumber(ARGV[10])

local function may_see(narrow)
  if not narrow or is_staff(roles) then
    return true
  end
  for word in string.gmatch(narrow, '[^,]+') do
    if string.find(roles, ',' .. word .. ',', 1, true) then
      return true
    end
  end
end

local ids, times = older(KEYS[6], ARGV[8], ARGV[9], tonumber(ARGV[11]) + 1)
local shown, cursor = {}, ''
if #ids > 0 then
  local fields = {}
  for n, id in ipairs(ids) do
    fields[n] = 'roles ' .. id
  end
  local narrow = redis.call('HMGET', views, unpack(fields))
  for n, id in ipairs(ids) do
    if #shown == limit or n > tonumber(ARGV[11]) then
      cursor = ',"nextCursor":"' .. times[n - 1] .. ':' .. ids[n - 1] .. '"'
      break
    elseif may_see(narrow[n]) then
      shown[#shown + 1] = id
    end
  end
end
local rooms = #shown > 0 and table.concat(redis.call('HMGET', views, unpack(shown)), ',') or ''
return succeed(event, '"result":{"rooms":[' .. rooms .. ']' .. cursor .. '}')
