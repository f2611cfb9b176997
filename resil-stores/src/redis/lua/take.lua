-- Lets a call in, now or at a later turn, or refuses it, by the server's own clock.
-- ARGV: the units that are paid in a microsecond, what the call owes, what may be owed at once, and how
-- many microseconds the call may wait (-1: it does not wait).
local rate, price = tonumber(ARGV[1]), tonumber(ARGV[2])
local tolerance, patience = tonumber(ARGV[3]), tonumber(ARGV[4])
-- Microseconds since 1970. All numbers are whole and below 2^53, which a double holds exactly.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local function int(n)
  return string.format('%.0f', n)
end

-- The state: an instant, what was owed then, and the units that are paid in a microsecond. A key that is
-- not there owes nothing.
local owed = 0
local state = redis.call('GET', KEYS[1])
if state then
  local at, then_owed, of = string.match(state, '^(%d+) (%d+) (%d+)$')
  if not at then
    return {'foreign'}
  end
  at, then_owed, of = tonumber(at), tonumber(then_owed), tonumber(of)
  if of ~= rate then
    -- Another host counts by other settings.
    then_owed = math.min(math.ceil(then_owed * rate / of), 2 ^ 52)
  end
  -- A clock that was set back pays nothing.
  owed = math.max(0, then_owed - math.max(0, now - at) * rate)
end

local with = owed + price
local wait = math.max(0, math.ceil((with - tolerance) / rate))
if wait > 0 and wait > patience then
  return {'early', int(now), int(owed), int(wait)}
end
-- The key goes when nothing is owed any more. One second on top, if the clock is set back a little.
redis.call('SET', KEYS[1], int(now) .. ' ' .. int(with) .. ' ' .. int(rate),
  'PX', int(math.ceil(with / rate / 1000) + 1000))
return {wait > 0 and 'turn' or 'now', int(now), int(with), int(wait)}
