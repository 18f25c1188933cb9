-- lib/open: what every event's script starts with. Refuses a worker that lost the partition (FENCED)
-- or that is not where Redis is (REWIND), passes over what a relay brought twice, and gives a repeated
-- request its first answer.
--
-- keys: 1 position, 2 inbox, 3 once, 4 outbox
-- argv: 1 fence, 2 seq (events applied so far), 3 id, 4 reply (the answer's envelope, or empty),
--       5 digest (of the payload; empty for an event without a requestId),
--       6 source (`<where from> <term> <id there>` of an event that was relayed, else empty; the places
--       in one source only grow)
-- restore: turns an answer that was kept as a reference (`@id`) into its text; nil where another entity
-- answers
-- Gives the event, or nil and what the script returns at once.
-- REFUSES
--    conflict    the requestId came with another payload before
-- ERRORS
--    FENCED REWIND
local function open(keys, argv, restore)
  local event = {
    position = keys[1], inbox = keys[2], once = keys[3], outbox = keys[4],
    fence = argv[1], seq = argv[2], id = argv[3], reply = argv[4], digest = argv[5],
    time = string.match(argv[3], '^%d+'),
  }
  local held = redis.call('HMGET', event.position, 'fence', 'seq', 'term', 'hold')
  if held[1] ~= event.fence then
    return nil, redis.error_reply('FENCED another worker owns the partition')
  end
  if held[2] ~= event.seq then
    return nil, redis.error_reply('REWIND the partition is at event ' .. tostring(held[2]))
  end
  event.term = held[3]
  event.told = held[4] == '1' and {} or nil
  if argv[6] ~= '' then
    local from, at = string.match(argv[6], '^(%S+) (.+)$')
    local newest = redis.call('HGET', event.position, 'from:' .. from)
    if newest and not further(at, newest) then
      finish(event)
      return nil, 'again'
    end
    event.from, event.at = from, at
  end
  if event.digest == '' then
    return event
  end
  local kept = redis.call('GET', event.once)
  if not kept then
    return event
  end
  local digest, body = string.match(kept, '^(%S+) (.*)$')
  if digest ~= event.digest then
    body = '"error":{"code":"conflict","message":"requestId was used with another payload",'
      .. '"details":{"field":"requestId"}}'
  elseif string.sub(body, 1, 1) == '@' then
    body = restore(string.sub(body, 2), event)
    if not body then
      finish(event)
      return nil, { 'again', '' }
    end
  end
  -- What the first one sent may not be on its way yet, if its owner is gone.
  event.sent = redis.call('XLEN', event.outbox) > 0
  return nil, answer(event, 'again', body)
end
