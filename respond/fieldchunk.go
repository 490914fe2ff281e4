package respond

import "sync/atomic"

// field is a header field of a Response. One that is added stands beside
// those of its name, otherwise it replaces them.
type field struct {
	name  string // canonical
	value string
	add   bool
}

// fieldChunk holds the fields of a Response, behind those of another chunk.
// Copies of a Response share it: each knows how many of it are its own, and the
// next place goes to the copy that takes it first. So a chain of methods costs
// one allocation for several fields, and no copy sees what another has added.
type fieldChunk struct {
	before *fieldChunk // full
	taken  atomic.Int32
	list   [chunkFields]field
}

const chunkFields = 4

// with adds a field to a copy of the Response.
func (s Response) with(f field) Response {
	switch c := s.fields; {
	case c == nil || s.n == chunkFields:
		s.fields, s.n = &fieldChunk{before: c}, 0
		s.fields.taken.Store(1)
	case !c.taken.CompareAndSwap(int32(s.n), int32(s.n+1)): // another copy went on here
		own := &fieldChunk{before: c.before}
		copy(own.list[:], c.list[:s.n])
		own.taken.Store(int32(s.n + 1))
		s.fields = own
	}
	s.fields.list[s.n] = f
	s.n++
	return s
}

// count is how many fields the chunk has, with those before it, where n of its own
// count.
func (c *fieldChunk) count(n int) int {
	if c == nil {
		return 0
	}
	return n + c.before.count(chunkFields)
}

// each calls f with each of them, in the order in which they were added.
func (c *fieldChunk) each(n int, f func(*field)) {
	if c == nil {
		return
	}
	c.before.each(chunkFields, f)
	for i := range c.list[:n] {
		f(&c.list[i])
	}
}
