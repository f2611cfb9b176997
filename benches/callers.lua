-- For wrk: requests of 32 callers in turn, as many as there are connections.
local CALLERS = 32
local requests, last = {}, 0

function init()
  for n = 1, CALLERS do
    requests[n] = wrk.format("GET", "/", { ["user-agent"] = "customer-" .. n })
  end
end

function request()
  last = last % CALLERS + 1
  return requests[last]
end
