-- chat/history: a page of a room's messages, oldest first.
--
-- KEYS
--    1-3         see lib/open
--    4 room      hash    read    the room's fields
--    5 access    hash    read    user id by role
--    6 messages  stream  read    the room's messages
--    7 thread    stream  read    ids of the thread's messages
-- ARGV
--    1-5         see lib/open
--    6 user      user id
--    7 roles     the user's roles as ",a,b,"
--    8 before    id before which to read, or empty
--    9 after     id after which to read, or empty
--   10 limit     most messages
--   11 thread_id id of the message that began the thread; empty for all messages
--   12 bytes_max most bytes of messages; a page has at least one
-- RETURNS
--    applied, or refused and the code
-- REFUSES
--    not-found forbidden   there is no such room, or not for this user
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open lib/succeed lib/refuse lib/room lib/enter lib/bar lib/message
-- USES lib/later
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local messages, thread = KEYS[6], KEYS[7]
local before, after, limit, thread_id = ARGV[8], ARGV[9], tonumber(ARGV[10]), ARGV[11]
local bytes_max = tonumber(ARGV[12])

local room = room_of(KEYS[4])
local role, barred = nil, 'not-found'
if room then
  role, barred = enter(room, KEYS[5], ARGV[6], ARGV[7])
end
if not role then
  return bar(event, barred)
end

local source = thread_id == '' and messages or thread
local low = after == '' and '-' or '(' .. after
-- Redis refuses an open interval that ends at the first of all ids.
local high = before == '' and '+' or before == '0-0' and before or '(' .. before
if thread_id ~= '' then
  -- The thread still names messages that are not kept any more.
  local oldest = redis.call('XRANGE', messages, '-', '+', 'COUNT', 1)[1]
  if oldest and (after == '' or later(oldest[1], after)) then
    low = oldest[1]
  end
end
local found
if after ~= '' then
  found = redis.call('XRANGE', source, low, high, 'COUNT', limit + 1)
else
  found = redis.call('XREVRANGE', source, high, low, 'COUNT', limit + 1)
end
local more = #found > limit
local texts, bytes = {}, 0
for n = 1, math.min(#found, limit) do
  local text = found[n][2][2]
  if thread_id ~= '' then
    text = message_of(messages, found[n][1])
  end
  bytes = bytes + #(text or '')
  if bytes > bytes_max and #texts > 0 then
    more = true
    break
  end
  if text then
    table.insert(texts, after ~= '' and #texts + 1 or 1, text)
  end
end
return succeed(event, '"result":{"messages":[' .. table.concat(texts, ',') .. '],"hasMore":'
  .. tostring(more) .. '}')
