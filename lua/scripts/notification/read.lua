-- notification/read: a user has read some notifications, or all up to one. What is not kept, or was read
-- before, changes nothing.
--
-- KEYS
--    1-4         see lib/open
--    5 inbox     stream  read    the user's notifications
--    6 read      hash    write   ids of those that are read, by when
--    7 connections hash  read    the user's connections, JSON by id
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 origin    id of the connection that says so, or empty
--    9 inboxes   what the edges' channels begin with
--   10 all       1 where all are read
--   11 up_to     up to this one, if all are; empty: up to the newest
--   12… ids      which are, if not all are
-- RETURNS
--    applied or again
-- ERRORS
--    FENCED REWIND
-- USES open lib/reach
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local inbox, read = KEYS[5], KEYS[6]

local marked = {}
local function mark(entries)
  for _, entry in ipairs(entries) do
    if redis.call('HSETNX', read, entry[1], event.time) == 1 then
      marked[#marked + 1] = entry[1]
    end
  end
end
local which
if ARGV[10] == '1' then
  local newest = redis.call('XREVRANGE', inbox, '+', '-', 'COUNT', 1)[1]
  local up_to = newest and newest[1] or '0-0'
  if ARGV[11] ~= '' and later(up_to, ARGV[11]) then
    up_to = ARGV[11]
  end
  mark(redis.call('XRANGE', inbox, '-', up_to))
  which = '"all":true,"upTo":"' .. up_to .. '"'
else
  for _, id in ipairs({ unpack(ARGV, 12) }) do
    mark(redis.call('XRANGE', inbox, id, id))
  end
  which = '"notificationIds":["' .. table.concat(marked, '","') .. '"]'
end
local unread = redis.call('XLEN', inbox) - redis.call('HLEN', read)
local outcome = succeed(event, '"result":{"unreadCount":' .. unread .. '}')
if #marked > 0 then
  local except = ARGV[8] ~= '' and ',"except":"' .. ARGV[8] .. '"' or ''
  reach(event, ARGV[9], KEYS[7], ARGV[7], '"frame":["notification-read",{' .. which .. ',"unreadCount":' .. unread
    .. '}]' .. except)
end
return outcome
