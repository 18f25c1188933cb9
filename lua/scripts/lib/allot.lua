-- lib/allot: the number of a new list. Those that are free again stand below zero and are taken first, so
-- that numbers stay small (a score is exact below 2^53) however often a reaction comes and goes.
local function allot(store)
  local free = redis.call('ZRANGEBYSCORE', store.lists, '-inf', '(0', 'LIMIT', 0, 1)[1]
  if free then
    redis.call('ZREM', store.lists, free)
    return tonumber(string.match(free, '%d+'))
  end
  return redis.call('HINCRBY', store.index, 'lists', 1)
end
