-- lib/pace: whether a user may send one more message now: `most` in any `window` ms (0: any number), and
-- none within `apart` ms of the last. held: the times of the newest ones that count, oldest first, or false.
-- Gives what to keep from now on, or nil and how long to wait (ms).
-- A time has 13 digits (until the year 2286) and a blank after it: places are reckoned, not looked for.
local function pace(held, now, most, window, apart)
  if not held then
    return now
  end
  local wait = apart > 0 and string.sub(held, -13) + apart - now or 0
  local length = math.max(most, 1) * 14 - 1
  if #held >= length then
    if most > 0 then
      wait = math.max(wait, string.sub(held, -length, 12 - length) + window - now)
    end
    held = string.sub(held, #held - length + 15)
  end
  if wait > 0 then
    return nil, wait
  end
  return held == '' and now or held .. ' ' .. now
end
