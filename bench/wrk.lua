-- Sends one request after another, each with the next of the values, where there are any: as session key in a request
-- without a body, otherwise as the %s of the body.
local headers = {}
{{range $name, $value := .Header}}headers["{{$name}}"] = "{{$value}}"
{{end}}
local body, values, next = {{.Body}}, {}, 0
if "{{.Values}}" ~= "" then
  for line in io.lines("{{.Values}}") do values[#values + 1] = line end
end

function request()
  local sent = body
  if #values > 0 then
    next = next + 1
    local value = values[(next - 1) % #values + 1]
    if body == "" then headers["BT-API-KEY"] = value else sent = string.gsub(body, "%%s", value) end
  end
  if sent == "" then sent = nil end
  return wrk.format("{{.Method}}", nil, headers, sent)
end
