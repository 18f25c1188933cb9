-- room/members: a page of who is present, by time of joining.
--
-- KEYS
--    1-3         see lib/open
--    4 room      hash    read    the room's fields
--    5 access    hash    read    user id by role
--    6 members   zset    read    present users by time of joining
--    7 presence  hash    read    user id by member as JSON
-- ARGV
--    1-5         see lib/open
--    6 user      user id
--    7 roles     the user's roles as ",a,b,"
--    8 joined    time of joining of the last member of the page before, or empty
--    9 after     user id of that member
--   10 limit     most members
-- RETURNS
--    applied, or refused and the code
-- REFUSES
--    not-found forbidden   there is no such room, or not for this user
-- ERRORS
--    FENCED REWIND
-- USES lib/answer lib/finish lib/open lib/succeed lib/refuse lib/room lib/enter lib/bar lib/beyond
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local members, presence = KEYS[6], KEYS[7]
local joined, after, limit = ARGV[8], ARGV[9], tonumber(ARGV[10])

local room = room_of(KEYS[4])
local role, barred = nil, 'not-found'
if room then
  role, barred = enter(room, KEYS[5], ARGV[6], ARGV[7])
end
if not role then
  return bar(event, barred)
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
