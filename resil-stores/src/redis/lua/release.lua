-- kept, token
-- First, so that full memory does not keep the owner from its key.
touch()
if state ~= 'p' or token ~= ARGV[2] then
  return {'lost'}
end
state = 'f'
free()
return {'ok'}
