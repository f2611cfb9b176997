-- kept, and to make it Done: token, ttl, outcome, body, codec, version
-- First, so that full memory does not keep anybody from it.
touch()
local mine = ARGV[2]
if not there then
  return {'absent'}
end
if live then
  return busy()
end
if state == 'd' then
  -- Its own resolution, sent again after a lost answer.
  return {mine and mine == token and 'changed' or 'done'}
end
if not mine then
  state = 'f'
  free()
  return {'changed'}
end
state, expiry = 'd', now + tonumber(ARGV[3])
redis.call('HSET', key, 's', 'd', 't', mine, 'f', int(next_fence()), 'x', int(expiry),
  'o', ARGV[4], 'b', ARGV[5], 'c', ARGV[6], 'v', ARGV[7])
keep(now, expiry)
hint()
return {'changed'}
