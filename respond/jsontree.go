package respond

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
)

// tree is a JSON value that a patch can change. Numbers and strings stay as
// they were written, and members in their order.
type tree struct {
	kind     byte   // '{', '[', '"', '0' for a number, or the first letter of true, false and null
	text     []byte // of what is neither object nor array
	object   *object
	elements []*tree
}

func (t *tree) isNull() bool { return t.kind == 'n' }

// object is the members of a JSON object. A member that was removed leaves a
// gap, so that no operation costs more the more members there are.
type object struct {
	members []treeMember
	index   map[string]int // once there are many
	size    int            // without the gaps
}

type treeMember struct {
	name   string
	quoted []byte // as it was written
	value  *tree  // nil for a gap
}

// fewMembers is the number up to which a search is quicker than a map.
const fewMembers = 8

func (o *object) find(name string) int {
	if o.index == nil && len(o.members) > fewMembers {
		o.index = make(map[string]int, len(o.members))
		for i, m := range o.members {
			if m.value != nil {
				o.index[m.name] = i
			}
		}
	}
	if o.index != nil {
		if i, ok := o.index[name]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(o.members, func(m treeMember) bool { return m.value != nil && m.name == name })
}

func (o *object) get(name string) *tree {
	if i := o.find(name); i >= 0 {
		return o.members[i].value
	}
	return nil
}

func (o *object) set(name string, quoted []byte, value *tree) {
	if i := o.find(name); i >= 0 {
		o.members[i].value = value
		return
	}
	if o.index != nil {
		o.index[name] = len(o.members)
	}
	o.members = append(o.members, treeMember{name, quoted, value})
	o.size++
}

func (o *object) remove(name string) {
	if i := o.find(name); i >= 0 {
		o.members[i].value = nil
		delete(o.index, name)
		o.size--
	}
}

// parseTree reads a document that is known to be valid JSON.
func parseTree(data []byte) *tree {
	p := treeParser{data}
	return p.value()
}

type treeParser struct{ rest []byte }

// next skips white space, commas and colons: where the document is valid they
// say nothing more.
func (p *treeParser) next() byte {
	for len(p.rest) > 0 {
		switch c := p.rest[0]; c {
		case ' ', '\t', '\n', '\r', ',', ':':
			p.rest = p.rest[1:]
		default:
			return c
		}
	}
	return 0
}

func (p *treeParser) take(n int) []byte {
	taken := p.rest[:n:n]
	p.rest = p.rest[n:]
	return taken
}

func (p *treeParser) value() *tree {
	switch c := p.next(); c {
	case '{':
		t := &tree{kind: c, object: new(object)}
		for p.take(1); p.next() != '}'; {
			quoted := p.quoted()
			t.object.members = append(t.object.members, treeMember{unquote(quoted), quoted, p.value()})
		}
		p.take(1)
		t.object.size = len(t.object.members)
		return t
	case '[':
		t := &tree{kind: c}
		for p.take(1); p.next() != ']'; {
			t.elements = append(t.elements, p.value())
		}
		p.take(1)
		return t
	case '"':
		return &tree{kind: c, text: p.quoted()}
	case 't', 'f', 'n':
		return &tree{kind: c, text: p.scalar()}
	default:
		return &tree{kind: '0', text: p.scalar()}
	}
}

func (p *treeParser) quoted() []byte {
	end := 1
	for p.rest[end] != '"' {
		if p.rest[end] == '\\' {
			end++
		}
		end++
	}
	return p.take(end + 1)
}

func (p *treeParser) scalar() []byte {
	if end := bytes.IndexAny(p.rest, " \t\n\r,:]}"); end >= 0 {
		return p.take(end)
	}
	return p.take(len(p.rest))
}

// unquote returns the text of a JSON string.
func unquote(quoted []byte) string {
	if inside := quoted[1 : len(quoted)-1]; bytes.IndexByte(inside, '\\') < 0 {
		return string(inside)
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // known to be a string
	return s
}

func quote(s string) []byte {
	quoted, _ := json.Marshal(s) // of a string: without an error
	return quoted
}

// The limits of a document that a patch builds.
var (
	errTreeLarge = errors.New("respond: the patched document is larger than the limit")
	errTreeDeep  = errors.New("respond: the patched document is nested too deeply")
)

// maxTreeDepth is how deep objects and arrays may be nested, as in package
// jsonx.
const maxTreeDepth = 10000

// appendTo appends the tree as JSON, as long as that is not larger than limit
// and not too deep.
func (t *tree) appendTo(dst []byte, limit, depth int) ([]byte, error) {
	if depth > maxTreeDepth {
		return dst, errTreeDeep
	}
	var err error
	switch t.kind {
	case '{':
		dst = append(dst, '{')
		first := true
		for _, m := range t.object.members {
			if m.value == nil {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(append(dst, m.quoted...), ':')
			if dst, err = m.value.appendTo(dst, limit, depth+1); err != nil {
				return dst, err
			}
		}
		dst = append(dst, '}')
	case '[':
		dst = append(dst, '[')
		for i, e := range t.elements {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = e.appendTo(dst, limit, depth+1); err != nil {
				return dst, err
			}
		}
		dst = append(dst, ']')
	default:
		dst = append(dst, t.text...)
	}
	if len(dst) > limit {
		return dst, errTreeLarge
	}
	return dst, nil
}

// clone returns a copy that shares no object and no array. It takes the size of
// the copy off budget.
func (t *tree) clone(budget *int, depth int) (*tree, error) {
	if depth > maxTreeDepth {
		return nil, errTreeDeep
	}
	if *budget -= len(t.text) + 2; *budget < 0 {
		return nil, errTreeLarge
	}
	c := &tree{kind: t.kind, text: t.text}
	var err error
	switch t.kind {
	case '{':
		c.object = &object{members: make([]treeMember, 0, t.object.size), size: t.object.size}
		for _, m := range t.object.members {
			if m.value == nil {
				continue
			}
			*budget -= len(m.quoted) + 1
			if m.value, err = m.value.clone(budget, depth+1); err != nil {
				return nil, err
			}
			c.object.members = append(c.object.members, m)
		}
	case '[':
		c.elements = make([]*tree, len(t.elements))
		for i, e := range t.elements {
			if c.elements[i], err = e.clone(budget, depth+1); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}
