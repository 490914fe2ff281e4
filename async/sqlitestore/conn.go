package sqlitestore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"modernc.org/sqlite"
)

// conn is one connection to the file, used by one goroutine at a time. It is the
// driver's own: package database/sql may put another in its place between a BEGIN and
// its COMMIT.
type conn struct {
	driver     driver.Conn
	statements []*statement
}

// settings are those of every connection.
const settings = `PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;`

func connect(path string) (*conn, error) {
	d, err := new(sqlite.Driver).Open(address(path))
	if err != nil {
		return nil, known(err)
	}
	c := &conn{driver: d}
	if err := c.run(settings); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *conn) close() error {
	for _, s := range c.statements {
		s.stmt.Close()
	}
	return known(c.driver.Close())
}

// run runs statements without results.
func (c *conn) run(script string) error {
	_, err := c.driver.(driver.ExecerContext).ExecContext(context.Background(), script, nil)
	return known(err)
}

// value returns the only value of a query's first row, nil where there is no row.
func (c *conn) value(query string) (v driver.Value, err error) {
	s, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	err = s.query(func(row []driver.Value) bool { v = row[0]; return false })
	return v, err
}

// statement is a prepared one.
type statement struct {
	stmt driver.Stmt
	args []driver.NamedValue
	row  []driver.Value
}

func (c *conn) prepare(query string) (*statement, error) {
	stmt, err := c.driver.Prepare(query)
	if err != nil {
		return nil, known(err)
	}
	s := &statement{stmt: stmt}
	c.statements = append(c.statements, s)
	return s, nil
}

// prepareAll prepares what a table of texts says.
func (c *conn) prepareAll(queries map[string]**statement) (err error) {
	for query, to := range queries {
		if *to, err = c.prepare(query); err != nil {
			return fmt.Errorf("%w in: %s", err, query)
		}
	}
	return nil
}

// exec runs it. Arguments are int64, string, []byte or nil.
func (s *statement) exec(args ...driver.Value) (driver.Result, error) {
	defer clear(s.args)
	result, err := s.stmt.(driver.StmtExecContext).ExecContext(context.Background(), s.bind(args))
	return result, known(err)
}

// query calls each for each row, until that returns false. The row is only valid
// until then; the texts and blobs in it are not reused.
func (s *statement) query(each func(row []driver.Value) bool, args ...driver.Value) (err error) {
	defer clear(s.args)
	rows, err := s.stmt.(driver.StmtQueryContext).QueryContext(context.Background(), s.bind(args))
	if err != nil {
		return known(err)
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = known(e)
		}
		clear(s.row)
	}()
	if s.row == nil {
		s.row = make([]driver.Value, len(rows.Columns()))
	}
	for {
		switch err := rows.Next(s.row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return known(err)
		case !each(s.row):
			return nil
		}
	}
}

func (s *statement) bind(args []driver.Value) []driver.NamedValue {
	s.args = s.args[:0]
	for i, v := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return s.args
}
