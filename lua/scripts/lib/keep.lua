-- lib/keep: trim a stream behind what was applied, so that at least `count` applied entries stay, and at most
-- about twice as many. Behind which entry to trim next, and its number, stand in the position hash: who owns
-- the stream changes.
-- mark: that entry as `<id> <number>`, or false; id, seq: the newest applied entry and its number
local function keep(position, stream, mark, id, seq, count)
  local behind, number = string.match(mark or '', '^(%S+) (%d+)$')
  if behind and tonumber(number) <= tonumber(seq) and seq - number < tonumber(count) then
    return
  end
  if behind and tonumber(number) <= tonumber(seq) then
    redis.call('XTRIM', stream, 'MINID', behind)
  end
  redis.call('HSET', position, 'trim', id .. ' ' .. seq)
end
