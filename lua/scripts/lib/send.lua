-- lib/send: what an event causes elsewhere goes into the partition's outbox, from where the owner
-- relays it, with the term in which it was put there. to: `intake`, followed by the fields of a record; `lifecycle` or `refused`, followed by
-- those of the entry that the stream gets.
local function send(event, to, ...)
  redis.call('XADD', event.outbox, '*', 'to', to, 'term', event.term, ...)
  event.sent = true
end
