package sqlitestore

import (
	"database/sql/driver"
	"fmt"
)

// Of pages that are free, so many stay for what comes, and one of so many of the file.
// Others are given back to the system, so many in a transaction, that nobody waits long
// for it.
const (
	freeLeast  = 256 // 1 MiB
	freePart   = 4
	shrinkMost = 256
)

// rowBytes is about what a row takes beside its input, with its places in the indexes.
const rowBytes = 512

// leastBytes is the smallest useful Options.MaxBytes.
const leastBytes = 1 << 20

// spaceStatements are what the writer does with pages.
type spaceStatements struct {
	pages, free, giveBack *statement
}

func (s *spaceStatements) prepare(c *conn) error {
	return c.prepareAll(map[string]**statement{
		"PRAGMA page_count":     &s.pages,
		"PRAGMA freelist_count": &s.free,
		fmt.Sprintf("PRAGMA incremental_vacuum(%d)", shrinkMost): &s.giveBack,
	})
}

// count returns how many pages the file has, and how many of them are free.
func (s *spaceStatements) count() (pages, free int64, err error) {
	number := func(s *statement) (n int64) {
		if err == nil {
			err = s.query(func(row []driver.Value) bool { n, _ = row[0].(int64); return false })
		}
		return n
	}
	pages, free = number(s.pages), number(s.free)
	return pages, free, err
}

// shrink gives pages back to the system where many are free.
func (t *transaction) shrink() error {
	pages, free, err := t.writer.space.count()
	if err == nil && free > freeLeast && free > pages/freePart {
		err = t.writer.space.giveBack.query(func([]driver.Value) bool { return true }) // each row is a page
		t.then = append(t.then, func() { t.writer.shrunk = true })
	}
	if err != nil {
		return t.fail(err)
	}
	return nil
}

// full reports whether there is no room for another row with an input of so many
// bytes, and else counts it. What is used is looked up once in a transaction.
func (t *transaction) full(input int) (bool, error) {
	most := t.store.options.MaxBytes
	if most == 0 {
		return false, nil
	}
	if t.used == 0 {
		pages, free, err := t.writer.space.count()
		if err != nil {
			return false, t.fail(err)
		}
		t.used = (pages - free) * t.writer.pageSize
	}
	more := int64(input) + rowBytes
	if t.used+more > most {
		return true, nil
	}
	t.used += more
	return false, nil
}
