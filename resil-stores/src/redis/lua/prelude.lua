-- What every step begins with: the record, read once, by the server's own clock.
-- Times are microseconds since 1970: whole numbers below 2^53, which a double holds. Numbers pass
-- as strings, since a reply would cut them, and tostring() would round them.
local key, kept = KEYS[1], tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
-- State (p: Pending, d: Done, f: free, its fence alone is kept), token, fence, fingerprint,
-- indeterminate, lease end, expiry.
local r = redis.call('HMGET', key, 's', 't', 'f', 'p', 'i', 'l', 'x')
local state, token, fence = r[1], r[2], tonumber(r[3] or 0)
local lease, expiry = tonumber(r[6] or 0), tonumber(r[7] or 0)
local live = state == 'p' and now < lease
local there = live or ((state == 'p' or state == 'd') and now < expiry)

-- A write that changes nothing: a replica refuses it, so that no step is answered from one. After the
-- first write of a script the server does not ask for memory any more.
local function touch()
  redis.call('HDEL', key, '')
end

local function int(n)
  return string.format('%.0f', n)
end

-- Above the last one, and above every one that was given before this key was forgotten: the clock
-- has moved on since.
local function next_fence()
  return math.max(fence + 1, now)
end

-- The server may remove the key so long after its record has ended.
local function keep(lease_end, expires)
  redis.call('PEXPIREAT', key, int(math.ceil((math.max(lease_end, expires) + kept) / 1000)))
end

-- A hint for who waits; nothing depends on it, so a right that is missing is no error.
local function hint()
  redis.pcall('PUBLISH', key, state)
end

local function free()
  redis.call('HSET', key, 's', 'f')
  redis.call('HDEL', key, 't', 'p', 'i', 'l', 'x', 'o', 'b', 'c', 'v')
  keep(now, now)
  hint()
end

local function busy()
  return {'busy', int(lease - now)}
end

local function done(answer)
  local d = redis.call('HMGET', key, 'o', 'b', 'c', 'v')
  return {answer, int(fence), d[1], d[2], d[3], d[4]}
end
