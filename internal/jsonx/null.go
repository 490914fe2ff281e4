package jsonx

import "bytes"

// findNull looks for a null that is not allowed in the value at i, which the
// library has decoded into the node's type. It returns the offset after the
// value and -1, or the offset of that null second.
func findNull(n *node, data []byte, i int) (end, bad int) {
	if i < 0 || i >= len(data) {
		return i, -1
	}
	if data[i] == 'n' {
		if !n.nullable {
			return i, i
		}
		return i + len(null), -1
	}
	for n.class == classPointer {
		n = n.elem
	}
	switch {
	case n.class == classStruct && data[i] == '{', n.class == classMap && data[i] == '{':
		return findNullMember(n, data, i)
	case n.class == classSlice && data[i] == '[', n.class == classArray && data[i] == '[':
		return findNullElement(n, data, i)
	}
	return skipValue(data, i), -1
}

func findNullMember(n *node, data []byte, i int) (end, bad int) {
	i, ok := firstItem(data, i)
	for ok {
		name, value := skipName(data, i)
		if value < 0 {
			return value, -1
		}
		child := n.elem
		if n.class == classStruct {
			child = n.member(name)
		}
		if child == nil {
			i = skipValue(data, value)
		} else if i, bad = findNull(child, data, value); bad >= 0 {
			return i, bad
		}
		if i < 0 {
			return i, -1
		}
		i, ok = nextItem(data, i)
	}
	return i + 1, -1
}

func findNullElement(n *node, data []byte, i int) (end, bad int) {
	i, ok := firstItem(data, i)
	for index := 0; ok; index++ {
		if n.holds(index) {
			if i, bad = findNull(n.elem, data, i); bad >= 0 {
				return i, bad
			}
		} else {
			i = skipValue(data, i)
		}
		if i < 0 {
			return i, -1
		}
		i, ok = nextItem(data, i)
	}
	return i + 1, -1
}

// member returns the node of the struct's member with the quoted name, or nil.
func (n *node) member(quoted []byte) *node {
	name := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		var buf [64]byte
		name = appendUnquoted(buf[:0], quoted)
	}
	if f := n.fields[string(name)]; f != nil {
		return f.node
	}
	return nil
}
