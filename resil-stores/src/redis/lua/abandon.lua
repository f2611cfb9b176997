-- kept, token
-- First, so that full memory does not keep the owner from its key.
touch()
if state ~= 'p' or token ~= ARGV[2] then
  return {'lost'}
end
-- Zero and not now: a clock that is set back does not bring the lease to life again.
redis.call('HSET', key, 'l', '0')
keep(now, expiry)
hint()
return {'ok'}
