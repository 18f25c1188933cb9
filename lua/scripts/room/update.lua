-- room/update: change a room's name, access or size. Whoever it is not for any more is put out (see
-- lib/sift).
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 access    hash    write   user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 members   zset    write   present users by time of joining
--    9 presence  hash    write   user id by member as JSON
--   10 connections hash  write   user id by the connections that joined
--   11 belongs   hash    write   user id by read mark
--   12 log       stream  write   what happened
--   13 channel   channel publish members' edges
--   14 gathered  hash    write   who came to a large room and who went
--   15 due       zset    write   ticks of large rooms
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 roles     the user's roles as ",a,b,"
--    9 room_id   id of the room
--   10 origin    id of the connection
--   11 name      the new name, or empty
--   12 max       most members at a time, or empty
--   13 visibility  public or private; empty where access stays as it is
--   14 narrow    comma separated roles that narrow a public room, or empty
--   15 listed    flat list of user id and role, separated by newlines, or empty
--   16 log_max   entries kept in the log
--   17 out_max   most users that are put out at once
--   18 told_max  most users who are told that they belong no more
--   19 above     members of a room that is not large
--   20 tick      the event that tells a large room, as JSON
-- RETURNS
--    logged, again, or refused and the code
-- REFUSES
--    not-found banned gone   there is no such room (any more), or not for this user
--    forbidden   the user is neither the owner nor an admin
--    conflict    too many are in the room to be put out
-- ERRORS
--    FENCED REWIND
-- USES admit lib/inform lib/level lib/view lib/publication lib/record lib/listing lib/entered lib/belong
-- USES lib/exited lib/recast lib/sift lib/depart lib/farewell lib/tick lib/crowd lib/person lib/put_out
-- USES lib/enrol lib/roll
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local key, access, members = KEYS[5], KEYS[6], KEYS[8]
local keys = {
  members = members, presence = KEYS[9], connections = KEYS[10], belongs = KEYS[11],
  gathered = KEYS[14], due = KEYS[15], above = ARGV[19], tick = ARGV[20],
}
local user, roles, room_id, told_max = ARGV[7], ARGV[8], ARGV[9], tonumber(ARGV[18])

local room = room_of(key)
local role, barred = admit(event, room, access, KEYS[7], user, roles)
if not role then
  return barred
elseif level(role, roles) < 3 then
  return refuse(event, 'forbidden', 'this is for the owner of the room', 'roomId')
end

-- Gives what access becomes, and who stays, or nil.
local function changed_access()
  local list, named = roll_of(ARGV[15])
  local after = { visibility = ARGV[13], roles = ARGV[14], list = list, named = named }
  if is_staff(roles) then
    named[user] = named[user] or 'member'
  end
  if room.owner ~= '' then
    after.named[room.owner] = 'owner'
  end
  return after, sift(room, access, members, after, tonumber(ARGV[17]))
end

local function write_access(after, found, frames)
  redis.call('HSET', key, 'visibility', after.visibility, 'roles', after.roles)
  enrol(key, access, after.list)
  put_out(event, frames, room_id, keys, found, after, told_max)
  for n = 1, #after.list, 2 do
    belong(event, keys.belongs, room_id, after.list[n], false)
  end
end

local frames = {}
if ARGV[13] ~= '' then
  local after, found = changed_access()
  if not found then
    return refuse(event, 'conflict', 'too many are in the room to make it narrower', 'access')
  end
  write_access(after, found, frames)
end
if ARGV[11] ~= '' then
  redis.call('HSET', key, 'name', ARGV[11])
end
if ARGV[12] ~= '' then
  redis.call('HSET', key, 'maxMembers', ARGV[12])
end
local now = room_of(key)
frames[#frames + 1] = 'others'
frames[#frames + 1] = '["room-updated",{"id":"' .. event.id .. '","roomId":"' .. room_id .. '","room":'
  .. view(room_id, now) .. '}]'
record(event, { key = key, log = KEYS[12], channel = KEYS[13], max = ARGV[16] }, room.last, ARGV[10], frames)
if room.visibility == 'public' or now.visibility == 'public' then
  list(event, room_id, now)
end
return succeed(event, '"result":{"room":' .. view(room_id, now, access, true) .. '}')
