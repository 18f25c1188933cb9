-- notification/notify: a user has a new notification, connected or not.
--
-- KEYS
--    1-4         see lib/open
--    5 inbox     stream  write   the user's notifications
--    6 read      hash    write   ids of those that are read, by when
--    7 connections hash  read    the user's connections, JSON by id
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 kind      its kind
--    9 notification   as JSON
--   10 kept_max  notifications that a user keeps
--   11 inboxes   what the edges' channels begin with
-- RETURNS
--    applied
-- ERRORS
--    FENCED REWIND
-- USES open lib/reach
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local inbox, read, kept_max = KEYS[5], KEYS[6], tonumber(ARGV[10])

redis.call('XADD', inbox, event.id, 'kind', ARGV[8], 'notification', ARGV[9])
-- One at a time, so that what is read is never more than what is kept.
while redis.call('XLEN', inbox) > kept_max do
  local oldest = redis.call('XRANGE', inbox, '-', '+', 'COUNT', 1)[1][1]
  redis.call('XDEL', inbox, oldest)
  redis.call('HDEL', read, oldest)
end
local unread = redis.call('XLEN', inbox) - redis.call('HLEN', read)
local outcome = succeed(event, '"result":{}')
reach(event, ARGV[11], KEYS[7], ARGV[7], '"frame":["notification",' .. string.sub(ARGV[9], 1, -2)
  .. ',"unreadCount":' .. unread .. '}]')
return outcome
