package respond

// mergePatch is MergePatch of RFC 7396 §2. It changes target, and what it
// returns shares values with the patch.
func mergePatch(target, patch *tree) *tree {
	if patch.kind != '{' {
		return patch
	}
	if target == nil || target.kind != '{' {
		target = &tree{kind: '{', object: new(object)}
	}
	for _, m := range patch.object.members {
		if m.value.isNull() {
			target.object.remove(m.name)
			continue
		}
		target.object.set(m.name, m.quoted, mergePatch(target.object.get(m.name), m.value))
	}
	return target
}
