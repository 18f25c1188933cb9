-- lib/answer: send an event's answer to the connection that asked.
-- head is the envelope up to where the body goes; empty where nobody waits for an answer.
local function answer(event, body)
  if event.reply ~= '' then
    redis.call('SPUBLISH', event.inbox, event.reply .. ',' .. body .. '}')
  end
end
