-- lib/succeed: answer, remember the answer for a repeat of the request, and advance.
-- kept: a reference to remember in the body's place (`@id`), where the body can be found again.
local function succeed(event, body, kept)
  answer(event, body)
  if event.digest ~= '' then
    redis.call('SET', event.once, event.digest .. ' ' .. (kept or body), 'PX', 600000)
  end
  finish(event)
  return event.logged and 'logged' or 'applied'
end
