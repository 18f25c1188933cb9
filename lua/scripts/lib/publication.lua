-- lib/publication: a log entry in the form in which edges receive it.
-- frames: flat pairs of audience and frame, in order; audience is "all", "others" (all but the origin
-- connection), "moderators", "user:<id>", or "exit" with a user id whose connections leave the room.
local function publication(id, prev, term, origin, frames)
  local list = {}
  for i = 1, #frames, 2 do
    if frames[i] == 'exit' then
      list[#list + 1] = '{"exit":"' .. frames[i + 1] .. '"}'
    else
      list[#list + 1] = '{"to":"' .. frames[i] .. '","frame":' .. frames[i + 1] .. '}'
    end
  end
  return '{"id":"' .. id .. '","prev":"' .. prev .. '","term":' .. term .. ',"origin":"' .. origin
    .. '","frames":[' .. table.concat(list, ',') .. ']}'
end
