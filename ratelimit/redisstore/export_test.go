package redisstore

import (
	"fmt"
	"strings"
)

// UseClock makes the script read its time, in microseconds, from a Redis key, and
// leave out the expiry of keys, which is by the real clock.
func (s *Store) UseClock(key string) {
	read := fmt.Sprintf("(function() local t = tonumber(redis.call('GET', '%s')) return {math.floor(t / 1000000), t %% 1000000} end)()", key)
	source := s.script.source.(string)
	for old, new := range map[string]string{
		"redis.call('TIME')":                   read,
		", 'PX', math.floor(ends / 1000) + 10": "",
	} {
		if strings.Count(source, old) != 1 {
			panic("the script has changed: " + old)
		}
		source = strings.Replace(source, old, new, 1)
	}
	s.script = newScript(source)
}

// Remembered is how many keys have a denial in memory.
func (s *Store) Remembered() int {
	s.denials.mu.Lock()
	defer s.denials.mu.Unlock()
	return len(s.denials.kept)
}

// MaxDenials is how many may have one.
const MaxDenials = maxDenials
