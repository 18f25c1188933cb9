-- room/log: what a room's log holds after an id, as publications, and of which history that is. How an edge
-- repairs a gap.
--
-- KEYS
--    1 position  hash    read    the partition's term, and where its history was cut
--    2 log       stream  read    what happened
--    3 messages  hash    read    the messages that entries point to
--    4 index     hash    read    which messages are deleted
-- ARGV
--    1 room_id   id of the room
--    2 after     id after which to read
--    3 count     most entries
-- RETURNS
--    term, cuts, then publications in order, as JSON
-- USES lib/publication lib/message lib/lines lib/slots lib/me lib/shown lib/logged
local store = { messages = KEYS[3], index = KEYS[4] }
local entries = logged(KEYS[2], store, ARGV[1], ARGV[2], ARGV[3])
local held = redis.call('HMGET', KEYS[1], 'term', 'cuts')
local list = { held[1] or '0', held[2] or '' }
for n, entry in ipairs(entries) do
  list[n + 2] = publication(entry.id, entry.prev, entry.term, entry.origin, entry.frames)
end
return list
