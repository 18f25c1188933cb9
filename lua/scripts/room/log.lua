-- room/log: what a room's log holds after an id, as publications. How an edge repairs a gap.
--
-- KEYS
--    1 log       stream  read    what happened
--    2 messages  hash    read    the messages that entries point to
--    3 index     hash    read    which messages are deleted
-- ARGV
--    1 room_id   id of the room
--    2 after     id after which to read
--    3 count     most entries
-- RETURNS
--    publications in order, as JSON
-- USES lib/publication lib/message lib/lines lib/slots lib/me lib/shown lib/logged
local store = { messages = KEYS[2], index = KEYS[3] }
local entries = logged(KEYS[1], store, ARGV[1], ARGV[2], ARGV[3])
local list = {}
for n, entry in ipairs(entries) do
  list[n] = publication(entry.id, entry.prev, entry.term, entry.origin, entry.frames)
end
return list
