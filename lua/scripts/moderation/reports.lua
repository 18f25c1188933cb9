-- moderation/reports: a page of a room's reports, the newest first.
--
-- KEYS
--    1-4         see lib/open
--    5 room      hash    read    the room's fields
--    6 access    hash    read    user id by role
--    7 sanctions hash    read    `ban <user>` and `mute <user>` by sanction as JSON
--    8 reports   hash    read    id by report as JSON
--    9 all       zset    read    ids of all reports, numbered
--   10 waiting   zset    read    ids of the open ones
-- ARGV
--    1-6         see lib/open
--    7 user      user id of who moderates
--    8 roles     their roles as ",a,b,"
--    9 status    only reports that are this far, or empty
--   10 before    number before which to read, or empty
--   11 limit     most reports
-- RETURNS
--    applied, or refused and the code
-- REFUSES
--    not-found banned gone   there is no such room (any more), or not for this user
--    forbidden   who does not moderate
-- ERRORS
--    FENCED REWIND
-- USES admit lib/level lib/unfit
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local status, limit = ARGV[9], tonumber(ARGV[11])
local room = room_of(KEYS[5])
local role, barred = admit(event, room, KEYS[6], KEYS[7], ARGV[7], ARGV[8])
if not role then
  return barred
end
local refused = unfit(event, level(role, ARGV[8]))
if refused then
  return refused
end

-- Resolved ones are those of all that do not wait; a page looks at this many at most.
local looked_at_max = limit * 10
local source = status == 'open' and KEYS[10] or KEYS[9]
local high = ARGV[10] == '' and '+inf' or '(' .. ARGV[10]
local found = redis.call('ZREVRANGEBYSCORE', source, high, '-inf', 'WITHSCORES', 'LIMIT', 0,
  status == 'resolved' and looked_at_max or limit + 1)
local list, last = {}, nil
for i = 1, #found, 2 do
  if #list == limit then
    break
  end
  if status ~= 'resolved' or not redis.call('ZSCORE', KEYS[10], found[i]) then
    list[#list + 1] = redis.call('HGET', KEYS[8], found[i])
  end
  last = i
end
local next_cursor = ''
local more = last and (last + 1 < #found or (status == 'resolved' and #found == looked_at_max * 2))
if more then
  next_cursor = ',"nextCursor":"' .. found[last + 1] .. ':' .. found[last] .. '"'
end
return succeed(event, '"result":{"reports":[' .. table.concat(list, ',') .. ']' .. next_cursor .. '}')
