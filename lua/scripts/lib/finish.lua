-- lib/finish: advance the partition past this event. Always the last write of a script: what fails
-- before it leaves the event unapplied.
local function finish(event)
  redis.call('HSET', event.position, 'applied', event.id, 'seq', string.format('%d', event.seq + 1))
end
