-- lib/defer: not yet. The event is refused and done, but the refusal is not remembered with its requestId:
-- the same again after wait_ms is taken.
local function defer(event, message, wait_ms)
  return answer(event, 'refused rate-limited', '"error":{"code":"rate-limited","message":"' .. message
    .. '","retryAfterMs":' .. wait_ms .. '}')
end
