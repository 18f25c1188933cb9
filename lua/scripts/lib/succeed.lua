-- lib/succeed: remember the answer for a repeat of the request, advance, and answer. In this order,
-- so that nobody is answered where Redis refuses the writes (out of memory).
-- kept: a reference to remember in the body's place (`@id`), where the body can be found again.
local function succeed(event, body, kept, word)
  if event.digest ~= '' then
    redis.call('SET', event.once, event.digest .. ' ' .. (kept or body), 'PX', 600000)
  end
  return answer(event, word or event.logged and 'logged' or 'applied', body)
end
