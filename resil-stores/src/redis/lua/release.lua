-- kept, token
if state ~= 'p' or token ~= ARGV[2] then
  return {'lost'}
end
state = 'f'
free()
return {'ok'}
