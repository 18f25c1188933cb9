-- lib/lines: the five lines of a message as it is kept: what never changes, up to `"content":`; the
-- content; what else was said, up to `"reactions":`; the reactions; the times. A line break is a blank to
-- JSON, and in its texts it is written as `\n`: so each line can be changed without reading the others.
local function lines_of(message)
  return string.match(message, '^([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)$')
end
