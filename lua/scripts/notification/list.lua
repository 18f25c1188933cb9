-- notification/list: a page of a user's notifications, the newest first.
--
-- KEYS
--    1-4         see lib/open
--    5 inbox     stream  read    the user's notifications
--    6 read      hash    read    ids of those that are read, by when
-- ARGV
--    1-6         see lib/open
--    7 before    id before which to read, or empty
--    8 limit     most notifications
--    9 unread_only   1 for those alone that are not read
--   10 bytes_max most bytes of notifications
--   11… kinds    only of these; all where there are none
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local inbox, read = KEYS[5], KEYS[6]
local limit, unread_only, bytes_max = tonumber(ARGV[8]), ARGV[9] == '1', tonumber(ARGV[10])
local wanted, chunk = {}, 100
for _, kind in ipairs({ unpack(ARGV, 11) }) do
  wanted[kind] = true
end

local page, bytes, has_more = {}, 0, false
local function take(entry)
  local kind, text = entry[2][2], entry[2][4]
  local read_at = redis.call('HGET', read, entry[1])
  if read_at and unread_only or not (wanted[kind] or #ARGV == 10) then
    return
  end
  bytes = bytes + #text
  if #page == limit or #page > 0 and bytes > bytes_max then
    has_more = true
    return
  end
  page[#page + 1] = read_at and string.sub(text, 1, -2) .. ',"readAt":' .. read_at .. '}' or text
end

-- A user keeps so few that even who looks for rare ones reads them all.
local from = ARGV[7] ~= '' and '(' .. ARGV[7] or '+'
repeat
  local entries = redis.call('XREVRANGE', inbox, from, '-', 'COUNT', chunk)
  for _, entry in ipairs(entries) do
    if not has_more then
      take(entry)
    end
    from = '(' .. entry[1]
  end
until has_more or #entries < chunk
local unread = redis.call('XLEN', inbox) - redis.call('HLEN', read)
return succeed(event, '"result":{"notifications":[' .. table.concat(page, ',') .. '],"unreadCount":' .. unread
  .. ',"hasMore":' .. tostring(has_more) .. '}')
