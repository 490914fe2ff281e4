package sqlitestore

import "errors"

// reconnect replaces the connection: where a transaction cannot begin, the state of
// the old one is unknown.
func (s *Store) reconnect() error {
	old := s.writer.conn
	if err := s.writer.connect(s.path); err != nil {
		return err
	}
	_ = old.close()
	return nil
}

// connect opens the connection that writes.
func (w *writer) connect(path string) error {
	c, err := openWriting(path)
	if err != nil {
		return err
	}
	n := writer{conn: c}
	size, err := c.value("PRAGMA page_size")
	if err := errors.Join(err, n.statements.prepare(c), n.replays.prepare(c), n.outbox.prepare(c), n.space.prepare(c)); err != nil {
		return errors.Join(err, c.close())
	}
	w.conn, w.statements, w.replays, w.outbox, w.space = c, n.statements, n.replays, n.outbox, n.space
	w.pageSize, _ = size.(int64)
	return nil
}
