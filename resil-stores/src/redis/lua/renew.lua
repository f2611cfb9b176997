-- kept, token, lease, ttl
-- First, so that full memory does not keep the owner from its key.
touch()
if state ~= 'p' or token ~= ARGV[2] then
  return {'lost'}
end
lease, expiry = now + tonumber(ARGV[3]), now + tonumber(ARGV[4])
redis.call('HSET', key, 'l', int(lease), 'x', int(expiry))
keep(lease, expiry)
return {'ok'}
