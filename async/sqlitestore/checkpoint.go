package sqlitestore

import "database/sql/driver"

// The log is put into the file when it has so many pages; so often, in transactions,
// that is looked at.
const (
	logMost    = 4096 // 16 MiB
	logChecked = 16
)

// checkpoint puts the log into the file where it has become long; the next write
// begins it anew. A reader in the midst of a read keeps SQLite from both, and where
// there is always one the log would grow without end. So readers pause for the end of
// it, in which little is left to do. Other processes are never waited for.
//
// Where the disk is full, a short log is put there too: then it need not grow. So is
// it where pages were given back: only then does the system get them.
func (s *Store) checkpoint() {
	w := &s.writer
	soon := w.failing || w.shrunk
	if w.unchecked < logChecked && !soon {
		return
	}
	w.unchecked, w.shrunk = 0, false
	var pages, put int64
	err := w.statements.log.query(func(row []driver.Value) bool {
		pages, _ = row[1].(int64)
		put, _ = row[2].(int64)
		return false
	})
	if err != nil || pages == put || pages < s.logMost && !soon {
		return
	}
	s.putLog()
	for range cap(s.readers) {
		defer func(r *reader) { s.readers <- r }(<-s.readers)
	}
	s.putLog()
	s.checkpoints.Add(1)
}

// putLog puts into the file what it can. Where it fails, the log goes on, with all
// that is in it, and it is tried again later.
func (s *Store) putLog() {
	_ = s.writer.statements.checkpoint.query(func([]driver.Value) bool { return false })
}
