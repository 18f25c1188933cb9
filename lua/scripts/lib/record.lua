-- lib/record: one entry in the room's log and the same to the edges that have members.
-- place: {key, log, channel, max}; prev: the entry before. frames: as in lib/publication. logged: the
-- pairs to keep in the log in their place, where a frame only points to a message.
local function record(event, place, prev, origin, frames, logged)
  redis.call('XADD', place.log, 'MAXLEN', '~', place.max, event.id, 'term', event.term,
    'prev', prev, 'origin', origin, unpack(logged or frames))
  redis.call('HSET', place.key, 'last', event.id)
  event.logged = true
  tell(event, place.channel, publication(event.id, prev, event.term, origin, frames))
end
