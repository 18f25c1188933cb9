-- lib/append: add an item at the end of a list.
local function append(lists, list, item)
  local low, high = span(list)
  local last = redis.call('ZREVRANGEBYSCORE', lists, high, low, 'WITHSCORES', 'LIMIT', 0, 1)
  redis.call('ZADD', lists, last[2] and last[2] + 1 or low, list .. ' ' .. item)
end
