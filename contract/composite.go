package contract

// enter steps into an array or object. It reports whether there is anything in it; an empty one is left at once.
func (r *reader) enter(end byte) bool {
	if r.depth == maxDepth {
		r.fail("it nests too deep", r.at)
		return false
	}
	r.at++
	if r.next() == end {
		r.at++
		return false
	}
	r.depth++
	return true
}

// more steps over a comma, or out at the end.
func (r *reader) more(end byte) bool {
	switch r.next() {
	case ',':
		r.at++
		return true
	case end:
		r.at++
	default:
		r.unexpected()
	}
	r.depth--
	return false
}

func (r *reader) array(s *shape) any {
	items := []any{}
	count := 0
	for more := r.enter(']'); more; more = r.more(']') {
		item := r.value(s.items)
		if !r.proving {
			if count == 0 {
				items = make([]any, 0, 4)
			}
			items = append(items, item)
		}
		count++
	}
	r.accept(s.kinds&array != 0 && count >= s.minItems && count <= s.maxItems)
	return items
}

func (r *reader) object(s *shape) any {
	var members map[string]any
	if !r.proving {
		members = map[string]any{}
	}
	var seen names
	count := 0
	for more := r.enter('}'); more; more = r.more('}') {
		if r.next() != '"' {
			r.unexpected()
			break
		}
		start := r.at
		name := r.string()
		if r.next() != ':' {
			r.unexpected()
			break
		}
		r.at++
		known := s.members[name]
		part := known.shape
		if known.bit == 0 {
			part = s.others
		}
		if r.proving {
			r.accept(seen.add(name, known.bit))
			r.value(part)
		} else {
			seen.bits |= known.bit
			members[name] = r.value(part)
			if len(members) == count {
				r.fail("a member occurs twice", start)
			}
		}
		count++
	}
	r.accept(s.kinds&object != 0 && count >= s.minMembers && count <= s.maxMembers && s.required&^seen.bits == 0)
	return members
}

// names is the members that an object was seen to have: a bit for each that has one, and a few others.
type names struct {
	bits   uint64
	others [8]string
	count  int
}

// add returns false for a name that was there before, and when there are more names than it can hold.
func (n *names) add(name string, bit uint64) bool {
	if bit != 0 {
		before := n.bits
		n.bits |= bit
		return n.bits != before
	}
	if n.count == len(n.others) {
		return false
	}
	for _, other := range n.others[:n.count] {
		if other == name {
			return false
		}
	}
	n.others[n.count] = name
	n.count++
	return true
}
