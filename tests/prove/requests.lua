-- For `wrk`: sends the requests of a file as they are, each after its length in eight places,
-- and from the first again after the last.

local requests

function init(arguments)
  requests = assert(io.open(arguments[1], "rb"))
end

function request()
  local length = requests:read(8)
  if not length then
    requests:seek("set")
    length = requests:read(8)
  end
  return requests:read(tonumber(length))
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format("found %d %d %d %d",
    summary.requests, failed, summary.duration, latency:percentile(99)))
end
