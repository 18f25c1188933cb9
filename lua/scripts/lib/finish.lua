-- lib/finish: advance the partition past this event. Always the last write of a script: what fails
-- before it leaves the event unapplied.
local function finish(event)
  local next_seq = string.format('%d', event.seq + 1)
  if event.from then
    redis.call('HSET', event.position, 'applied', event.id, 'seq', next_seq, 'from:' .. event.from, event.at)
  else
    redis.call('HSET', event.position, 'applied', event.id, 'seq', next_seq)
  end
end
