-- lib/answer: advance past the event and answer whoever waits. Gives what the script returns: the word,
-- or, where the event sent something to other entities, the word and the answer, which the worker
-- publishes once that is on its way: who is answered can rely on it. Where publications are held, that comes
-- as `held`, what the script returns otherwise, and the publications, of which more may follow.
-- body: `"result":…` or `"error":…`; the envelope is empty where nobody waits for an answer.
-- What came in over the ingress has nobody who waits; its refusals are kept. Its envelope begins with
-- its source there.
local function answer(event, word, body)
  local text = event.reply ~= '' and event.reply .. ',' .. body .. '}' or ''
  if string.sub(text, 1, 11) == '{"source":"' then
    if string.sub(body, 1, 7) == '"error"' then
      send(event, 'refused', 'body', text)
    end
    text = ''
  end
  finish(event)
  local outcome = word
  if event.sent then
    outcome = { word, text }
  elseif text ~= '' then
    tell(event, event.inbox, text)
  end
  return event.told and { 'held', outcome, event.told } or outcome
end
