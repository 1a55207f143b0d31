-- Sends prepared requests round robin: one a line of a file, "path<TAB>token<TAB>body"; GET without a body.
-- Usage: wrk … -s orders.lua http://host:port -- FILE [PATH]; PATH replaces the path of every request.
local requests, at = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    local path, token, body = line:match("^(.-)\t(.-)\t(.*)$")
    local headers = {
      ["Content-Type"] = "application/json",
      ["token"] = token,
      ["Authorization"] = "Bearer " .. token,
    }
    requests[#requests + 1] = wrk.format(body == "" and "GET" or "POST", args[2] or path, headers, body)
  end
  at = math.random(#requests)
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %.6f, "refused": %d, "broken": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
