-- kept
if not there then
  return {'absent'}
end
if live then
  return busy()
end
state = 'f'
free()
return {'changed'}
