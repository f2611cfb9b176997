-- kept, token, fingerprint or nothing, indeterminate, lease, ttl
local mine, fingerprint, indeterminate = ARGV[2], ARGV[3], ARGV[4]

-- The answer of a claim that changes nothing.
local function unchanged()
  if not there then
    return nil
  end
  if fingerprint ~= '' and r[4] and r[4] ~= '' and r[4] ~= fingerprint then
    return {'reused'}
  end
  if state == 'd' then
    return done('done')
  end
  if token == mine then
    return {'claimed', int(fence), '0'}
  end
  if live then
    return busy()
  end
  if r[5] == '1' or indeterminate == '1' then
    return {'indeterminate'}
  end
  return nil
end

local answer = unchanged()
if answer then
  touch()
  return answer
end
if there and fingerprint == '' then
  fingerprint = r[4] or ''
end
fence = next_fence()
lease, expiry = now + tonumber(ARGV[5]), now + tonumber(ARGV[6])
-- One write that memory may be missing for, and the first: all of it or nothing.
redis.call('HSET', key, 's', 'p', 't', mine, 'f', int(fence), 'p', fingerprint,
  'i', indeterminate, 'l', int(lease), 'x', int(expiry))
redis.call('HDEL', key, 'o', 'b', 'c', 'v')
keep(lease, expiry)
return {'claimed', int(fence), there and '1' or '0'}
