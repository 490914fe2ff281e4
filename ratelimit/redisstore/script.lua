-- Decides all policies of a key at once, by the generic cell rate algorithm. All
-- numbers are doubles that hold whole numbers below 2^53; what could be greater is
-- computed by the caller.
--
-- A time is whole microseconds and a fraction of one, in parts of a policy's quota.
-- The state of a bucket is the time until it is full. All buckets of a key are in one
-- value: when it was written, in microseconds since 1970, and then for each bucket
-- that was not full its number, and the time until it was, as of then. What is not of
-- that form, or of another type, is no buckets.
--
-- KEYS[1] the key
-- ARGV[1] doubles: the operation (0 peek, 1 take, 2 adjust), the longest time that is
--         kept and the number of policies; then for each policy the bucket's
--         number, its quota, the time to fill it from empty, the time of the cost
--         (negative: to give back), and 1 where it only watches (shadow)
-- returns for each policy: whether it was charged, and the time until it is full

local read, args = struct.unpack, ARGV[1]
local op, most, n, at = read('<ddd', args)
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local kept = redis.call('MGET', KEYS[1])[1] -- false also for another type

local full, part, write = {}, {}, false -- by number
if kept and #kept % 24 == 8 then
  local was, pos = read('<d', kept)
  if was > now then -- the clock went back: go on from here
    was, write = now, true
  end
  for _ = 1, (#kept - 8) / 24 do
    local id, f, p
    id, f, p, pos = read('<ddd', kept, pos)
    f = f - (now - was)
    if id == id and f >= 0 and f <= most and f % 1 == 0 and p >= 0 and p % 1 == 0 then
      full[id], part[id] = f, p
    end
  end
end

local ids, nextFull, nextPart, all, out = {}, {}, {}, true, {}
for i = 1, n do
  local id, quota, limit, limitPart, cost, costPart, shadow
  id, quota, limit, limitPart, cost, costPart, shadow, at = read('<ddddddd', args, at)
  ids[i] = id
  local f, p = full[id] or 0, part[id] or 0
  if p >= quota then f, p = 0, 0 end
  out[3 * i - 2], out[3 * i - 1], out[3 * i] = 0, f, p
  f, p = f + cost, p + costPart
  if p >= quota then f, p = f + 1, p - quota end
  if p < 0 then f, p = f - 1, p + quota end
  if f < 0 then f, p = 0, 0 end
  if f > most then f, p = most, 0 end
  if op == 2 or f < limit or (f == limit and p <= limitPart) then
    nextFull[i], nextPart[i] = f, p
  elseif shadow == 0 then
    all = false
  end
end

if op > 0 and all then
  for i = 1, n do
    local f, p = nextFull[i], nextPart[i]
    if f then
      write = true
      full[ids[i]], part[ids[i]] = f, p
      out[3 * i - 2], out[3 * i - 1], out[3 * i] = 1, f, p
    end
  end
end

if write then
  local value, ends = '', 0
  for id, f in pairs(full) do
    local p = part[id]
    if f > 0 or p > 0 then
      value = value .. struct.pack('<ddd', id, f, p)
      if f > ends then ends = f end
    end
  end
  if value ~= '' then
    -- 10 ms more: expiry is by a clock of milliseconds
    redis.call('SET', KEYS[1], struct.pack('<d', now) .. value, 'PX', math.floor(ends / 1000) + 10)
  elseif kept then
    redis.call('DEL', KEYS[1])
  end
end
return out
