package riverqueue

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed schema.sql
var schema string

// scripts returns the scripts that bring our tables from version i to i+1. None is
// ever changed once it was released.
func scripts() []string { return []string{schema} }

// MigrateOptions are the settings of [Migrate].
type MigrateOptions struct {
	// Schema is where the tables are made, by default the first of the search_path
	// that is there. It is made where it is missing. Its name has letters, digits and _,
	// 46 at most.
	Schema string
	// Logger is told of each migration of River, by default nobody is.
	Logger *slog.Logger
}

// Migrate brings the tables of River and of this package to this version. What is up
// to date stays as it is, so it may be called at each start; of several processes that
// call it at once one does it, and the others wait.
func Migrate(ctx context.Context, pool *pgxpool.Pool, o MigrateOptions) error {
	if err := checkSchema(o.Schema); err != nil {
		return err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	lock, err := connect(ctx, pool) // of its own: River takes others from the pool
	if err != nil {
		return known(err)
	}
	defer lock.Close(context.WithoutCancel(ctx)) // and so the lock ends
	if err := migrate(ctx, pool, lock, o); err != nil {
		return known(fmt.Errorf("migrate: %w", err))
	}
	return nil
}

func migrate(ctx context.Context, pool *pgxpool.Pool, lock *pgx.Conn, o MigrateOptions) error {
	if _, err := lock.Exec(ctx, "SELECT pg_advisory_lock($1)", lockOf(o.Schema, "migrate")); err != nil {
		return err
	}
	if o.Schema != "" {
		if err := makeSchema(ctx, lock, o.Schema); err != nil {
			return err
		}
	}
	river, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: o.Schema, Logger: o.Logger})
	if err != nil {
		return err
	}
	if _, err := river.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	version, err := versionOf(ctx, lock, o.Schema)
	if err != nil {
		return err
	}
	if version > len(scripts()) {
		return ErrNewer
	}
	for i := range scripts()[version:] {
		if _, err := lock.Exec(ctx, "BEGIN; "+script(o.Schema, version+i+1)+"; COMMIT"); err != nil {
			return err
		}
	}
	return nil
}

// schemaMost is how long the name of a schema may be: River has names in it.
const schemaMost = 46

// checkSchema refuses a name that River does not take.
func checkSchema(name string) error {
	fits := len(name) <= schemaMost
	for i := range len(name) {
		c := name[i]
		fits = fits && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_')
	}
	if !fits {
		return fmt.Errorf("riverqueue: the name %q of a schema is not of letters, digits and _, %d at most", name, schemaMost)
	}
	return nil
}

// makeSchema makes a schema that is missing: who may not make one may use one.
func makeSchema(ctx context.Context, c *pgx.Conn, name string) error {
	var there bool
	if err := c.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	_, err := c.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{name}.Sanitize())
	return err
}

// script is what brings our tables to a version.
func script(schema string, version int) string {
	s := ""
	if version == 1 {
		s = "CREATE TABLE {schema}async_migration (version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now());\n"
	}
	s += strings.TrimSpace(scripts()[version-1])
	s += fmt.Sprintf("\nINSERT INTO {schema}async_migration (version) VALUES (%d)", version)
	return in(schema, s)
}

// in puts the schema into a statement.
func in(schema, sql string) string {
	if schema != "" {
		schema = pgx.Identifier{schema}.Sanitize() + "."
	}
	return strings.ReplaceAll(sql, "{schema}", schema)
}

// querier is a connection or a pool.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// versionOf is the version of our tables, 0 for none.
func versionOf(ctx context.Context, c querier, schema string) (version int, err error) {
	err = c.QueryRow(ctx, in(schema, "SELECT coalesce(max(version), 0) FROM {schema}async_migration")).Scan(&version)
	if missingTable(err) {
		return 0, nil
	}
	return version, err
}

// Migration is a step of [Migrations].
type Migration struct {
	// Name tells whose it is and its number: "river 6", "async 1".
	Name string
	// SQL are its statements. They are one transaction.
	SQL string
}

// Migrations lists what [Migrate] does, for those who apply it by hand or with a tool
// of their own: in this order, each in a transaction of its own, into a schema that is
// there. Without a schema it is that of the search_path.
func Migrations(schema string) ([]Migration, error) {
	if err := checkSchema(schema); err != nil {
		return nil, err
	}
	river, err := rivermigrate.New(riverpgxv5.New(nil), &rivermigrate.Config{Schema: schema, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, known(err)
	}
	var all []Migration
	for _, m := range river.AllVersions() {
		sql := in(schema, strings.ReplaceAll(m.SQLUp, "/* TEMPLATE: schema */", "{schema}"))
		if strings.Contains(sql, "TEMPLATE") {
			return nil, errors.New("riverqueue: a migration of this version of River cannot be listed")
		}
		all = append(all, Migration{fmt.Sprint("river ", m.Version), terminated(sql) + in(schema, riverNote(m.Version))})
	}
	for i := range scripts() {
		all = append(all, Migration{fmt.Sprint("async ", i+1), script(schema, i+1) + ";\n"})
	}
	return all, nil
}

// riverNote is how River notes that a migration was applied: its fifth adds the line.
func riverNote(version int) string {
	const lineAdded = 5
	if version < lineAdded {
		return fmt.Sprintf("INSERT INTO {schema}river_migration (version) VALUES (%d);\n", version)
	}
	return fmt.Sprintf("INSERT INTO {schema}river_migration (line, version) VALUES ('main', %d);\n", version)
}

func terminated(sql string) string {
	sql = strings.TrimSpace(sql)
	if !strings.HasSuffix(sql, ";") {
		sql += ";"
	}
	return sql + "\n"
}

// lockOf is the number of an advisory lock of a schema.
func lockOf(schema, what string) int64 {
	h := fnv.New64a()
	h.Write([]byte("forthright riverqueue " + what + " of " + schema))
	return int64(h.Sum64())
}

// connect makes a connection like those of the pool, which the pool does not know.
func connect(ctx context.Context, pool *pgxpool.Pool) (*pgx.Conn, error) {
	config := pool.Config()
	c := config.ConnConfig
	if config.BeforeConnect != nil {
		if err := config.BeforeConnect(ctx, c); err != nil {
			return nil, err
		}
	}
	return pgx.ConnectConfig(ctx, c)
}
