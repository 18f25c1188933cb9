-- lib/replies: ids of the messages of a thread, at most count: those after an id, the oldest first, or else
-- the last before an id, the newest first. Each id is looked for by halves, as ids grow along the list.
local function replies(lists, list, before, after, count)
  local low, high = span(list)
  local first = redis.call('ZCOUNT', lists, '-inf', low - 1)
  local size = redis.call('ZCOUNT', lists, low, high)
  local function passed(id, with)
    local from, to = 0, size
    while from < to do
      local middle = math.floor((from + to) / 2)
      local item = redis.call('ZRANGE', lists, first + middle, first + middle)[1]
      local found = string.match(item, ' (.+)$')
      if later(found, id) or found == id and not with then
        to = middle
      else
        from = middle + 1
      end
    end
    return from
  end
  local from = after == '' and 0 or passed(after, true)
  local to = before == '' and size or passed(before, false)
  if after ~= '' then
    to = math.min(to, from + count)
  else
    from = math.max(from, to - count)
  end
  local ids = {}
  if from < to then
    ids = redis.call('ZRANGE', lists, first + from, first + to - 1)
  end
  local newest_first = {}
  for n, item in ipairs(ids) do
    ids[n] = string.match(item, ' (.+)$')
    newest_first[#ids - n + 1] = ids[n]
  end
  return after ~= '' and ids or newest_first
end
