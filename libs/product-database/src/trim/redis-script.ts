/**
 * Shortens lists from their old ends, all of them or none, and notes which batch it was. Runs in the server as one step: whatever the product pushes comes before it or after it.
 * Safety: each entry that goes is compared with what was announced; at the first that is another one nothing is done.
 * Shape: the keys are the note's and the lists'. The arguments are the batch's name, then for each list its old end (`head` or `tail`), how many of its entries go, and their digests from the oldest on.
 * Yields 1 when they went, and else 0.
 */
export const TRIM_SCRIPT = `
local at = 2
local cuts = {}
for n = 2, #KEYS do
  local old, count = ARGV[at], tonumber(ARGV[at + 1])
  local entries = old == 'head' and redis.call('LRANGE', KEYS[n], 0, count - 1) or redis.call('LRANGE', KEYS[n], -count, -1)
  if #entries ~= count then return 0 end
  for place = 1, count do
    local entry = old == 'head' and entries[place] or entries[count + 1 - place]
    if redis.sha1hex(entry) ~= ARGV[at + 1 + place] then return 0 end
  end
  cuts[n] = { old, count }
  at = at + 2 + count
end
for n = 2, #KEYS do
  if cuts[n][1] == 'head' then redis.call('LTRIM', KEYS[n], cuts[n][2], -1) else redis.call('LTRIM', KEYS[n], 0, -cuts[n][2] - 1) end
end
redis.call('SET', KEYS[1], ARGV[1])
return 1
`;
