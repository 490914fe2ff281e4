package jsonx

import "strings"

// A Place is where the value is that a JSON Pointer points to.
type Place struct {
	// Offset is that of the value or, where there is none, of the innermost
	// value that would contain it.
	Offset int
	// Found is whether the value is there.
	Found bool
}

// Locate is [Find] for many pointers in one pass over data, so that its time
// grows with the length of data and not with their number.
func Locate(data []byte, pointers []string) []Place {
	places := make([]Place, len(pointers))
	if len(pointers) <= few {
		for i, p := range pointers {
			places[i] = locate(data, p)
		}
		return places
	}
	var root sought
	for i, p := range pointers {
		root.add(p, &places[i])
	}
	if at := skipSpace(data, 0); at < len(data) {
		root.found(data, at)
	}
	return places
}

// few is the number of pointers up to which a pass for each is cheaper.
const few = 8

func locate(data []byte, pointer string) Place {
	offset, found := Find(data, pointer)
	for up := pointer; !found && up != ""; {
		up = up[:max(strings.LastIndexByte(up, '/'), 0)]
		if at, ok := Find(data, up); ok {
			return Place{Offset: at}
		}
	}
	return Place{offset, found}
}

// sought is a value that some of the pointers lead to, or through.
type sought struct {
	places []*Place           // of those that end here
	under  map[string]*sought // by reference token, unescaped
}

func (s *sought) add(pointer string, place *Place) {
	for pointer != "" {
		token := pointer[1:] // behind the "/"
		if end := strings.IndexByte(token, '/'); end >= 0 {
			token = token[:end]
		}
		pointer = pointer[1+len(token):]
		if strings.IndexByte(token, '~') >= 0 {
			token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		}
		next := s.under[token]
		if next == nil {
			if s.under == nil {
				s.under = make(map[string]*sought)
			}
			next = new(sought)
			s.under[token] = next
		}
		s = next
	}
	s.places = append(s.places, place)
}

// found notes that the value is at i, and looks for what is sought in it. It
// returns the offset after the value, or -1.
func (s *sought) found(data []byte, i int) int {
	for _, p := range s.places {
		*p = Place{i, true}
	}
	if len(s.under) == 0 {
		return skipValue(data, i)
	}
	left := s.under
	s.under = nil
	end := -1
	switch data[i] {
	case '{':
		end = foundMembers(left, data, i)
	case '[':
		end = foundElements(left, data, i)
	default:
		end = skipValue(data, i)
	}
	for _, absent := range left {
		absent.absent(i)
	}
	return end
}

// absent notes that nothing of this is there; around is what would contain it.
func (s *sought) absent(around int) {
	for _, p := range s.places {
		*p = Place{Offset: around}
	}
	for _, u := range s.under {
		u.absent(around)
	}
}

// foundMembers takes out of left what it finds in the object at i.
func foundMembers(left map[string]*sought, data []byte, i int) int {
	i, ok := firstItem(data, i)
	var buf [64]byte
	for ok {
		quoted, value := skipName(data, i)
		if value < 0 || value >= len(data) {
			return -1
		}
		name := appendUnquoted(buf[:0], quoted)
		if s := left[string(name)]; s != nil {
			delete(left, string(name)) // of members of the same name the first
			i = s.found(data, value)
		} else {
			i = skipValue(data, value)
		}
		if i < 0 {
			return -1
		}
		i, ok = nextItem(data, i)
	}
	return i + 1
}

// foundElements takes out of left what it finds in the array at i.
func foundElements(left map[string]*sought, data []byte, i int) int {
	i, ok := firstItem(data, i)
	var buf [20]byte
	for index := 0; ok; index++ {
		if i >= len(data) {
			return -1
		}
		token := AppendIndex(buf[:0], index)[1:]
		if s := left[string(token)]; s != nil {
			delete(left, string(token))
			i = s.found(data, i)
		} else {
			i = skipValue(data, i)
		}
		if i < 0 {
			return -1
		}
		i, ok = nextItem(data, i)
	}
	return i + 1
}
