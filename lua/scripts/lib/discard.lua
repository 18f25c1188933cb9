-- lib/discard: a list is no more. Its number is free.
local function discard(lists, list)
  local low, high = span(list)
  redis.call('ZREMRANGEBYSCORE', lists, low, high)
  redis.call('ZADD', lists, -list, 'free ' .. list)
end
