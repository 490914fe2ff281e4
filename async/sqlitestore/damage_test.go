package sqlitestore_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// copied copies a database with its log, as it is left when its process is killed.
func copied(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy.sqlite")
	for _, part := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + part)
		if err == nil {
			err = os.WriteFile(to+part, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func size(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// ids are those of all jobs, the oldest first.
func ids(t *testing.T, s *sqlitestore.Store) (all []string) {
	t.Helper()
	jobs, err := s.List(t.Context(), "ana", "", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range jobs {
		all = append([]string{job.ID}, all...)
	}
	return all
}

// TestTornLog: a machine that stops while it writes leaves a part of what was not
// answered yet. All that was answered is there.
func TestTornLog(t *testing.T) {
	path := file(t)
	s := open(t, path, sqlitestore.Options{})
	var kept []string
	for range 20 {
		kept = append(kept, submit(t, s).ID)
	}
	synced := size(t, path+"-wal")
	submit(t, s)
	written := size(t, path+"-wal")
	if written <= synced {
		t.Fatalf("the log has not grown: %d, %d", synced, written)
	}
	for cut := synced; cut < written; cut += 509 {
		torn := copied(t, path)
		if err := os.Truncate(torn+"-wal", cut); err != nil {
			t.Fatal(err)
		}
		s := open(t, torn, sqlitestore.Options{})
		if got := ids(t, s); !slices.Equal(got, kept) {
			t.Fatalf("a log cut at %d of %d bytes, of which %d were synced, has %d jobs of 20, or others", cut, written, synced, len(got))
		}
		submit(t, s)
		s.Close()
	}
}

// TestTruncatedLog: a log that somebody cut loses the newest, and nothing else.
func TestTruncatedLog(t *testing.T) {
	path := file(t)
	s := open(t, path, sqlitestore.Options{})
	var kept []string
	for range 50 {
		kept = append(kept, submit(t, s).ID)
	}
	whole := size(t, path+"-wal")
	last := 50
	for cut := whole; cut >= 0; cut -= whole/40 + 1 {
		damaged := copied(t, path)
		if err := os.Truncate(damaged+"-wal", cut); err != nil {
			t.Fatal(err)
		}
		s, err := sqlitestore.Open(damaged, sqlitestore.Options{})
		if errors.Is(err, sqlitestore.ErrCorrupt) && cut < whole/2 {
			continue // the tables themselves were in what is cut
		}
		if err != nil {
			t.Fatalf("a log cut at %d of %d: %v", cut, whole, err)
		}
		got := ids(t, s)
		if len(got) > last {
			t.Errorf("a log cut at %d of %d has more jobs than a longer one", cut, whole)
		}
		last = len(got)
		for i, id := range got {
			if id != kept[i] {
				t.Fatalf("a log cut at %d of %d: job %d is another", cut, whole, i)
			}
		}
		submit(t, s)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestTruncatedFile: a database that is shorter than it says.
func TestTruncatedFile(t *testing.T) {
	path := file(t)
	s := open(t, path, sqlitestore.Options{})
	for range 500 {
		submit(t, s)
	}
	s.Close()
	whole := size(t, path)
	for _, cut := range []int64{whole - 4096, whole / 2, 4096, 100, 1} {
		damaged := filepath.Join(t.TempDir(), "damaged")
		content, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(damaged, content[:cut], 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		_, err = sqlitestore.Open(damaged, sqlitestore.Options{})
		want(t, fmt.Sprintf("Open of a file that is cut at %d of %d", cut, whole), err, sqlitestore.ErrCorrupt)
	}
}

// TestGarbage: pages that are damaged. A store may not notice, or say so; it does not
// panic, nor wait for ever.
func TestGarbage(t *testing.T) {
	path := file(t)
	s := open(t, path, sqlitestore.Options{})
	var kept []string
	for range 500 {
		kept = append(kept, submit(t, s).ID)
	}
	s.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	told := 0
	for range 40 {
		content := append([]byte(nil), whole...)
		for range 1 + random.IntN(5) {
			at := 4096 * random.IntN(len(content)/4096)
			for i := range 4096 {
				content[at+i] = byte(random.Uint32())
			}
		}
		damaged := filepath.Join(t.TempDir(), "damaged")
		if err := os.WriteFile(damaged, content, 0o600); err != nil {
			t.Fatal(err)
		}
		within(t, "a store on a damaged file", func() {
			s, err := sqlitestore.Open(damaged, sqlitestore.Options{Logger: quiet})
			if err == nil {
				for _, id := range kept[:50] {
					if _, e := s.Get(t.Context(), id); e != nil && !errors.Is(e, async.ErrNotFound) {
						err = e
					}
				}
				for range 20 {
					if _, _, e := s.Submit(t.Context(), newJob()); e != nil {
						err = e
					}
				}
				stop := run(t, s, &executor{workers: 2})
				for _, id := range kept[:20] {
					if _, e := s.Cancel(t.Context(), id); e != nil && !errors.Is(e, async.ErrNotFound) && !errors.Is(e, async.ErrFinished) {
						err = e
					}
				}
				if e := stop(); e != nil {
					err = e
				}
				_ = s.Close()
			}
			switch {
			case err != nil && !strings.Contains(err.Error(), damaged):
				t.Errorf("the error does not name the file: %v", err)
			case errors.Is(err, sqlitestore.ErrCorrupt), errors.Is(err, sqlitestore.ErrForeign), errors.Is(err, sqlitestore.ErrNewer):
				told++
			case err != nil:
				t.Errorf("a damaged file: %v", err)
			}
		})
	}
	if told < 10 {
		t.Errorf("of 40 damaged files %d were told of", told)
	}
}
