-- kept, token, ttl, outcome, body, codec, version
-- First, so that full memory does not keep the owner from its key.
touch()
if token ~= ARGV[2] then
  return {'lost'}
end
if state == 'p' then
  state, expiry = 'd', now + tonumber(ARGV[3])
  redis.call('HSET', key, 's', 'd', 'x', int(expiry),
    'o', ARGV[4], 'b', ARGV[5], 'c', ARGV[6], 'v', ARGV[7])
  keep(now, expiry)
  hint()
end
return {'ok'}
