-- chat/history: a page of a room's messages, oldest first.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    read    the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 order     stream  read    ids of the room's messages
--    9 messages  hash    read    id by message as JSON
--   10 index     hash    read    which messages are deleted, in threads, reacted to
--   11 lists     zset    read    reactions and threads
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 roles     the user's roles as ",a,b,"
--    9 before    id before which to read, or empty
--   10 after     id after which to read, or empty
--   11 limit     most messages
--   12 thread_id id of the message that began the thread; empty for all messages
--   13 bytes_max most bytes of messages; a page has at least one
-- RETURNS
--    applied, or refused and the code
-- REFUSES
--    not-found forbidden banned gone   there is no such room (any more), or not for this user
-- ERRORS
--    FENCED REWIND
-- USES admit lib/lines lib/slots lib/me lib/shown lib/collect lib/span lib/replies
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local order, store = KEYS[8], { messages = KEYS[9], index = KEYS[10], lists = KEYS[11] }
local user, before, after, limit, thread_id = ARGV[7], ARGV[9], ARGV[10], tonumber(ARGV[11]), ARGV[12]
local room = room_of(KEYS[5])
local role, barred = admit(event, room, KEYS[6], KEYS[7], user, ARGV[8])
if not role then
  return barred
end

-- Ids of the page and one more, from where it begins.
local function found()
  if thread_id ~= '' then
    local list = redis.call('HGET', store.index, 'thread ' .. thread_id)
    return list and replies(store.lists, list, before, after, limit + 1) or {}
  end
  local low = after == '' and '-' or '(' .. after
  -- Redis refuses an open interval that ends at the first of all ids.
  local high = before == '' and '+' or before == '0-0' and before or '(' .. before
  local entries
  if after ~= '' then
    entries = redis.call('XRANGE', order, low, high, 'COUNT', limit + 1)
  else
    entries = redis.call('XREVRANGE', order, high, low, 'COUNT', limit + 1)
  end
  for n, entry in ipairs(entries) do
    entries[n] = entry[1]
  end
  return entries
end

local ids = found()
local more = table.remove(ids, limit + 1) ~= nil
local texts, cut = collect(store, ids, user, tonumber(ARGV[13]))
if after == '' then
  local newest_first = texts
  texts = {}
  for n, text in ipairs(newest_first) do
    texts[#newest_first - n + 1] = text
  end
end
return succeed(event, '"result":{"messages":[' .. table.concat(texts, ',') .. '],"hasMore":'
  .. tostring(more or cut) .. '}')
