-- user/rooms: which rooms a page of the user's own is made of, those that the user belongs to for the
-- shortest time first. The rooms themselves are elsewhere: the worker reads them and answers.
--
-- KEYS
--    1-4         see lib/open
--    5 rooms     zset    read    rooms that the user belongs to by the time it began
-- ARGV
--    1-6         see lib/open
--    7 score, 8 name   where the page before ended, or empty
--    9 limit     most rooms; one more says that there is a next page
-- RETURNS
--    gather and `<score>:<room>` of each
-- ERRORS
--    FENCED REWIND
-- USES open lib/beyond lib/older
local event, stop = open(KEYS, ARGV)
if stop then
  return stop
end
local names, scores = older(KEYS[5], ARGV[7], ARGV[8], ARGV[9] + 1)
local page = { 'gather' }
for n, name in ipairs(names) do
  page[n + 1] = scores[n] .. ':' .. name
end
finish(event)
return page
