-- lib/inform: send a system event to another entity. user: id of the user whom it concerns; payload:
-- JSON text.
local function inform(event, name, entity, user, payload)
  send(event, 'intake', 'event', name, 'entity', entity, 'user', user, 'name', '', 'roles', '',
    'origin', '', 'payload', payload)
end
