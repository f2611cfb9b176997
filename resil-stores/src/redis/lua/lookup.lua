-- kept
touch()
if not there then
  return {'absent'}
end
if state == 'd' then
  return done('done')
end
return {'pending', int(fence), live and int(lease - now) or '0'}
