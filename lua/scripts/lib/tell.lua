-- lib/tell: publish something that an event causes; or, where publications are held until replicas have the
-- event, leave that to the worker, in the same order (see lib/answer).
local function tell(event, channel, text)
  if event.told then
    event.told[#event.told + 1] = channel
    event.told[#event.told + 1] = text
  else
    redis.call('SPUBLISH', channel, text)
  end
end
