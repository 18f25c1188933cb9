-- lib/belong: a user belongs to a room from this event on, which is where the user's unread messages
-- begin. Who belongs already goes on from where they are.
local function belong(event, belongs, room_id, user, owns)
  if redis.call('HSETNX', belongs, user, event.id) == 1 or owns then
    entered(event, room_id, user, false, true, owns)
  end
end
