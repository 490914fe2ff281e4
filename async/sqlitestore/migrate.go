package sqlitestore

import (
	_ "embed"
	"fmt"
)

//go:embed schema.sql
var schema string

// migrations returns the scripts that bring the tables from version i to i+1. None is
// ever changed once it was released.
func migrations() []string { return []string{schema} }

// application marks a file as one of this package, in its header.
const application = 0x6173796e // "asyn"

// inspect returns the version of a file, 0 for a new one. Nothing is written: it may be
// a file of something else.
func inspect(c *conn) (version int, err error) {
	var found [3]int64
	for i, query := range []string{"PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_schema"} {
		v, err := c.value(query)
		if err != nil {
			return 0, err
		}
		found[i], _ = v.(int64)
	}
	version = int(found[1])
	switch {
	case found == [3]int64{}:
		return 0, nil
	case found[0] != application:
		return 0, ErrForeign
	case version > len(migrations()):
		return 0, fmt.Errorf("%w: version %d, where %d is known", ErrNewer, version, len(migrations()))
	}
	return version, nil
}

// migrate brings a file to this version, in one transaction a step.
func migrate(c *conn, version int) error {
	for i, script := range migrations()[version:] {
		err := c.run(fmt.Sprintf("BEGIN IMMEDIATE; %s; PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;", script, application, version+i+1))
		if err != nil {
			_ = c.run("ROLLBACK") // where it has begun
			return err
		}
	}
	return nil
}
