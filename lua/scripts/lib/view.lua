-- lib/view: a room as clients see it. Its access list is for the owner and admins (full).
local function view(id, room, access, full)
  local parts = {
    '{"id":"', id, '","type":"', room.type, '","name":', cjson.encode(room.name),
    ',"createdAt":', room.created_at, ',"createdBy":"', room.created_by, '"',
  }
  local function add(text)
    parts[#parts + 1] = text
  end
  if full then
    add(',"access":{"visibility":"' .. room.visibility .. '"')
    if room.roles ~= '' then
      add(',"roles":["' .. string.gsub(room.roles, ',', '","') .. '"]')
    end
    if room.listed == '1' then
      local listed = redis.call('HGETALL', access)
      local members = {}
      for i = 1, #listed, 2 do
        members[#members + 1] = '"' .. listed[i] .. '":"' .. listed[i + 1] .. '"'
      end
      add(',"members":{' .. table.concat(members, ',') .. '}')
    end
    add('}')
  end
  if room.max_members and room.max_members ~= '' then
    add(',"maxMembers":' .. room.max_members)
  end
  add(',"slowModeMs":' .. room.slow_mode_ms .. '}')
  return table.concat(parts)
end
