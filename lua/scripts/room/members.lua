-- room/members: a page of who is present, by time of joining.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    read    the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 members   zset    read    present users by time of joining
--    9 presence  hash    read    user id by member as JSON
-- ARGV
--    1-6         see lib/open
--    7 user      user id
--    8 roles     the user's roles as ",a,b,"
--    9 joined    time of joining of the last member of the page before, or empty
--   10 after     user id of that member
--   11 limit     most members
-- RETURNS
--    applied, or refused and the code
-- REFUSES
--    not-found forbidden banned gone   there is no such room (any more), or not for this user
-- ERRORS
--    FENCED REWIND
-- USES admit lib/beyond
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local members, presence = KEYS[8], KEYS[9]
local joined, after, limit = ARGV[9], ARGV[10], tonumber(ARGV[11])

local room = room_of(KEYS[5])
local role, barred = admit(event, room, KEYS[6], KEYS[7], ARGV[7], ARGV[8])
if not role then
  return barred
end

local page, times = {}, {}
local function take(range)
  for i = 1, #range, 2 do
    if #page <= limit and (range[i + 1] ~= joined or beyond(range[i], after)) then
      page[#page + 1] = range[i]
      times[#times + 1] = range[i + 1]
    end
  end
end
if joined == '' then
  take(redis.call('ZRANGE', members, 0, limit, 'WITHSCORES'))
else
  -- Members that joined in the same millisecond stand by user id; there are few of them.
  take(redis.call('ZRANGEBYSCORE', members, joined, joined, 'WITHSCORES'))
  take(redis.call('ZRANGEBYSCORE', members, '(' .. joined, '+inf', 'WITHSCORES', 'LIMIT', 0, limit + 1))
end
local next_cursor = ''
if #page > limit then
  next_cursor = ',"nextCursor":"' .. times[limit] .. ':' .. page[limit] .. '"'
  page[limit + 1] = nil
end
local list = ''
if #page > 0 then
  list = table.concat(redis.call('HMGET', presence, unpack(page)), ',')
end
return succeed(event, '"result":{"members":[' .. list .. '],"memberCount":'
  .. redis.call('ZCARD', members) .. next_cursor .. '}')
