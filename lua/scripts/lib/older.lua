-- lib/older: up to count members of a sorted set, the newest first, after the one of this score and name
-- (empty: from the newest on). Gives names and scores.
local function older(key, score, name, count)
  local names, scores = {}, {}
  local function take(range)
    for n = 1, #range, 2 do
      if #names < count and (range[n + 1] ~= score or beyond(name, range[n])) then
        names[#names + 1] = range[n]
        scores[#scores + 1] = range[n + 1]
      end
    end
  end
  if score == '' then
    take(redis.call('ZRANGE', key, 0, count - 1, 'REV', 'WITHSCORES'))
  else
    -- What stands at the same millisecond stands by name; there are few of these.
    take(redis.call('ZRANGE', key, score, score, 'BYSCORE', 'REV', 'WITHSCORES'))
    take(redis.call('ZRANGE', key, '(' .. score, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, count, 'WITHSCORES'))
  end
  return names, scores
end
