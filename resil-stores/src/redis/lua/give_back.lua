-- Gives back what a dropped waiter took, if nobody has taken anything since.
-- ARGV: instant, what is owed, and rate of the state that the waiter left behind; what it took.
local turn = ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3]
if redis.call('GET', KEYS[1]) ~= turn then
  return {'lost'}
end
local owed = math.max(0, tonumber(ARGV[2]) - tonumber(ARGV[4]))
local left = redis.call('PTTL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. string.format('%.0f', owed) .. ' ' .. ARGV[3],
  'PX', math.max(left, 1))
return {'ok'}
