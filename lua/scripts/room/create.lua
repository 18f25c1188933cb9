-- room/create: make a room, or take over one that was made by joining and has no owner. Whoever a
-- taken-over room is not for any more is put out (see lib/sift). The second half of `create-room`: the
-- first has counted the room as one that the maker owns, which is taken back where it is refused.
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
--    7 user      user id of the maker, who becomes the owner
--    8 roles     the maker's roles as ",a,b,"
--    9 room_id   id of the room
--   10 type      the room's type
--   11 name      shown to others
--   12 visibility  public or private
--   13 narrow    comma separated roles that narrow a public room, or empty
--   14 max       most members at a time, or empty
--   15 listed    flat list of user id and role, separated by newlines, or empty
--   16 types     room types that the maker may create, as ",a,b,"
--   17 log_max   entries kept in the log
--   18 out_max   most users that are put out at once
--   19 told_max  most users who are told that they belong no more
--   20 above     members of a room that is not large
--   21 tick      the event that tells a large room, as JSON
-- RETURNS
--    applied, logged, again, or refused and the code
-- REFUSES
--    conflict    the room has an owner already; too many are in it to be put out
--    forbidden   the room is of a type that the maker may not create, or for others
--    not-found banned gone   a room without an owner is not for the maker, or closed
-- ERRORS
--    FENCED REWIND
-- USES admit lib/inform lib/view lib/publication lib/record lib/listing lib/entered lib/belong
-- USES lib/exited lib/recast lib/sift lib/depart lib/farewell lib/tick lib/crowd lib/person lib/put_out
-- USES lib/enrol lib/roll
local key, access, members = KEYS[5], KEYS[6], KEYS[8]
local keys = {
  members = members, presence = KEYS[9], connections = KEYS[10], belongs = KEYS[11],
  gathered = KEYS[14], due = KEYS[15], above = ARGV[20], tick = ARGV[21],
}
local user, room_id = ARGV[7], ARGV[9]

local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end

local room = room_of(key)

-- The room is not made: it is none of the user's, unless it was before.
local function release()
  if not room or room.owner ~= user then
    exited(event, room_id, user, false, false, true)
  end
end

if room and room.owner ~= '' and not room.closed_at then
  release()
  return refuse(event, 'conflict', 'the room exists and has an owner', 'roomId')
elseif room then
  local role, barred = enter(room, access, KEYS[7], user, ARGV[8], event.time)
  if not role then
    release()
    role, barred = admit(event, room, access, KEYS[7], user, ARGV[8])
    return barred
  elseif not string.find(ARGV[16], ',' .. room.type .. ',', 1, true) then
    release()
    return refuse(event, 'forbidden', 'you may not own a room of its type', 'roomId')
  end
end
local listed, named = roll_of(ARGV[15])
local after = { visibility = ARGV[12], roles = ARGV[13], list = listed, named = named }
named[user] = 'owner'
local found = room and sift(room, access, members, after, tonumber(ARGV[18]))
if room and not found then
  release()
  return refuse(event, 'conflict', 'too many are in the room to make it narrower', 'access')
end

redis.call('HSET', key, 'type', ARGV[10], 'name', ARGV[11], 'owner', user, 'visibility', after.visibility,
  'roles', after.roles, 'maxMembers', ARGV[14])
if not room then
  redis.call('HSET', key, 'createdAt', event.time, 'createdBy', user, 'slowModeMs', '0', 'last', '0-0')
end
enrol(key, access, listed)
local frames = {}
if room then
  put_out(event, frames, room_id, keys, found, after, tonumber(ARGV[19]))
end
belong(event, keys.belongs, room_id, user, true)
for n = 1, #after.list, 2 do
  if after.list[n] ~= user then
    belong(event, keys.belongs, room_id, after.list[n], false)
  end
end
local made = room_of(key)
if #frames > 0 then
  record(event, { key = key, log = KEYS[12], channel = KEYS[13], max = ARGV[17] }, room.last, '', frames)
end
if made.visibility == 'public' or room and room.visibility == 'public' then
  list(event, room_id, made)
end
return succeed(event, '"result":{"room":' .. view(room_id, made, access, true) .. '}')
