-- room/expire: the grace after a user's last connection is over. It is not where a connection came back,
-- nor where one came back and went again after this event was due: a new grace is running.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    write   the room's fields
--    6 members   zset    write   present users by time of joining
--    7 presence  hash    write   user id by member as JSON
--    8 connections hash  write   user id by the connections that joined
--    9 gathered  hash    write   who came to a large room and who went
--   10 due       zset    write   what happens when graces are over, and ticks
--   11 log       stream  write   what happened
--   12 channel   channel publish members' edges
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 room_id   id of the room
--    9 work      the event that ends the grace, as JSON
--   10 above     members of a room that is not large
--   11 tick      the event that tells a large room, as JSON
--   12 log_max   entries kept in the log
-- RETURNS
--    applied or logged
-- ERRORS
--    FENCED REWIND
-- USES open lib/room lib/publication lib/record lib/inform lib/exited lib/depart lib/farewell lib/tick
-- USES lib/crowd lib/person
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local user = ARGV[7]
local place = {
  id = ARGV[8], key = KEYS[5], members = KEYS[6], presence = KEYS[7], connections = KEYS[8],
  gathered = KEYS[9], due = KEYS[10], log = KEYS[11], channel = KEYS[12],
  above = ARGV[10], tick = ARGV[11], max = ARGV[12],
}

local room = room_of(place.key)
local later_due = redis.call('ZSCORE', place.due, ARGV[9])
local gone = room and redis.call('ZSCORE', place.members, user)
  and redis.call('HEXISTS', place.connections, user) == 0
  and not (later_due and tonumber(later_due) > tonumber(event.time))
if gone then
  local who = { id = user, json = person(place.presence, user) }
  local frames = {}
  depart(event, frames, place.id, place, who)
  if not crowd(event, place, 'left', who) then
    farewell(event, frames, place.id, place.members, who, 'disconnected')
  end
  record(event, place, room.last, '', frames)
  exited(event, place.id, user, true, false, false)
end
return succeed(event, '"result":{}')
