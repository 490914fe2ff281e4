package problemlang

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Load reads the files that match a pattern of fs.Glob: each an object of JSON
// with texts, named by the tag of its language and ".json". It returns an
// error where none matches, and where a file cannot be read as such.
func Load(files fs.FS, pattern string) (map[string]Texts, error) {
	names, err := fs.Glob(files, pattern)
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("problemlang: no file matches %q", pattern)
	}
	all := make(map[string]Texts, len(names))
	for _, name := range names {
		tag, ok := strings.CutSuffix(path.Base(name), ".json")
		if !ok {
			return nil, fmt.Errorf("problemlang: %s is not named TAG.json", name)
		}
		if _, twice := all[tag]; twice {
			return nil, fmt.Errorf("problemlang: there is another %s beside %s", path.Base(name), name)
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("problemlang: %w", err)
		}
		var texts Texts
		if err := json.Unmarshal(data, &texts); err != nil {
			return nil, fmt.Errorf("problemlang: %s: %w", name, err)
		}
		all[tag] = texts
	}
	return all, nil
}
