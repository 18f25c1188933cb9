-- lease/take: become the owner of a partition that is free, with a fence above all before.
-- The time is the server's, which every worker shares.
--
-- Where another Redis process granted the partition the last time, or nobody ever did, the end of its
-- history may be missing: a new term begins. Neither term nor fence comes a second time, even where the
-- raise itself was lost, since both are at least the time in seconds.
--
-- KEYS
--    1 position  hash    write   who owns the partition and how far it is applied
--    2 intake    stream  write   its consumer group is made here
-- ARGV
--    1 worker    id of the worker
--    2 lease_ms  how long the lease lasts without renewal
--    3 term      the highest that the worker knows of this partition; or 0
--    4 applied   the newest event that the worker knows of it; ids given out later are above it
--    5 hold      1 where scripts leave publications to the worker, see lib/tell
-- RETURNS
--    fence, applied, seq, term, 1 where the owner before did not hand it over (else 0), run id of this Redis,
--    cuts; or nothing where somebody else holds the lease
-- USES lib/later
local cuts_max = 16
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Asked here and not before: in between another process may have taken over.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local held = redis.call('HMGET', KEYS[1], 'owner', 'lease_until', 'fence', 'applied', 'seq', 'term', 'run', 'cuts')
if held[1] and held[1] ~= '' and held[1] ~= ARGV[1] and tonumber(held[2]) > now then
  return {}
end
local applied, seq = held[4] or '0-0', held[5] or '0'
if not held[3] then
  -- The group is there already where the position was lost and the stream was not.
  local made = redis.pcall('XGROUP', 'CREATE', KEYS[2], 'workers', applied, 'MKSTREAM', 'ENTRIESREAD', seq)
  if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then
    return made
  end
end

-- The newest id that the stream gave out, lifted above what the worker knows: no id means two events.
local function newest_id()
  local about, newest = redis.pcall('XINFO', 'STREAM', KEYS[2]), applied
  for i = 1, #about, 2 do
    if about[i] == 'last-generated-id' then
      newest = about[i + 1]
    end
  end
  if later(ARGV[4], newest) and not about.err then
    redis.call('XSETID', KEYS[2], ARGV[4])
    newest = ARGV[4]
  end
  return newest
end

local term, fence, cuts = tonumber(held[6] or 0), (held[3] or 0) + 1, held[8] or ''
local suspect = held[1] and held[1] ~= ''
if held[7] ~= run or term < tonumber(ARGV[3]) then
  term = math.max(term + 1, time[1], ARGV[3] + 1)
  fence = math.max(fence, term)
  -- The owner lost its Redis, which says nothing about the events.
  suspect = false
  local kept = {}
  for cut in string.gmatch(cuts .. ',' .. string.format('%d', term) .. ':' .. applied .. ':' .. newest_id(), '[^,]+') do
    kept[#kept + 1] = cut
  end
  cuts = table.concat(kept, ',', math.max(1, #kept - cuts_max + 1))
end
term, fence = string.format('%d', term), string.format('%d', fence)
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'lease_until', string.format('%d', now + ARGV[2]),
  'fence', fence, 'applied', applied, 'seq', seq, 'term', term, 'run', run, 'cuts', cuts,
  'hold', ARGV[5])
return { fence, applied, seq, term, suspect and '1' or '0', run, cuts }
