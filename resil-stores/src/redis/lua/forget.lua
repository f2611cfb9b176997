-- kept
-- First, so that full memory does not keep anybody from it.
touch()
if not there then
  return {'absent'}
end
if live then
  return busy()
end
state = 'f'
free()
return {'changed'}
