-- room/log: what a room's log holds after an id, as publications. How an edge repairs a gap.
--
-- KEYS
--    1 log       stream  read    what happened
--    2 messages  stream  read    the messages that entries point to
-- ARGV
--    1 room_id   id of the room
--    2 after     id after which to read
--    3 count     most entries
-- RETURNS
--    publications in order, as JSON
-- USES lib/publication lib/logged
local entries = logged(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
local list = {}
for n, entry in ipairs(entries) do
  list[n] = publication(entry.id, entry.prev, entry.term, entry.origin, entry.frames)
end
return list
