-- room/create: make a room, or take over one that was made by joining and has no owner.
--
-- KEYS
--    1-3         see lib/open
--    4 room      hash    write   the room's fields
--    5 access    hash    write   user id by role
-- ARGV
--    1-5         see lib/open
--    6 user      user id of the maker, who becomes the owner
--    7 room_id   id of the room
--    8 type      the room's type
--    9 name      shown to others
--   10 visibility  public or private
--   11 roles     comma separated roles that narrow a public room, or empty
--   12 max       most members at a time, or empty
--   13 listed    flat list of user id and role, separated by newlines, or empty
--   14 types     room types that the maker may create, as ",a,b,"
-- RETURNS
--    applied, again, or refused and the code
-- REFUSES
--    conflict    the room has an owner already
--    forbidden   the room is of a type that the maker may not create
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open lib/succeed lib/refuse lib/room lib/view
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, access = KEYS[4], KEYS[5]
local user, room_id, listed = ARGV[6], ARGV[7], ARGV[13]

local room = room_of(key)
if room and room.owner ~= '' then
  return refuse(event, 'conflict', 'the room exists and has an owner', 'roomId')
end
if room and not string.find(ARGV[14], ',' .. room.type .. ',', 1, true) then
  return refuse(event, 'forbidden', 'you may not own a room of its type', 'roomId')
end

local people = {}
for word in string.gmatch(listed, '[^\n]+') do
  people[#people + 1] = word
end
redis.call('HSET', key, 'type', ARGV[8], 'name', ARGV[9], 'owner', user, 'visibility', ARGV[10],
  'roles', ARGV[11], 'maxMembers', ARGV[12], 'listed', #people > 0 and '1' or '0')
if not room then
  redis.call('HSET', key, 'createdAt', event.time, 'createdBy', user, 'slowModeMs', '0', 'last', '0-0')
end
redis.call('DEL', access)
if #people > 0 then
  redis.call('HSET', access, unpack(people))
end
return succeed(event, '"result":{"room":' .. view(room_id, room_of(key), access, true) .. '}')
