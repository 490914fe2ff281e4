package sqlitestore

import (
	"errors"
	"log/slog"
	"runtime"
	"time"
)

// Options are the settings of [Open]. The zero value is useful.
type Options struct {
	// Readers is how many read at once, by default 2 for each CPU.
	Readers int
	// Batch is how many writes share a sync at most, by default 256.
	Batch int
	// MaxBytes is how much room all that is kept may take: where there is none for
	// another job or claim, it is refused with [async.ErrFull], before anything of it
	// is kept. Nothing is dropped for it, and the results of jobs that were accepted
	// are kept even then. The log comes on top, mostly of 16 MiB. By default there is
	// no limit but the disk; 1 MiB is the least.
	MaxBytes int64
	// Logger is told when the file cannot be written, and when it can again, by
	// default slog.Default().
	Logger *slog.Logger
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

const (
	defaultBatch  = 256
	readersPerCPU = 2
)

// complete checks the settings, and fills in the defaults.
func (o *Options) complete() error {
	if o.Readers < 0 || o.Batch < 0 {
		return errors.New("sqlitestore: Readers or Batch is negative")
	}
	if o.MaxBytes != 0 && o.MaxBytes < leastBytes {
		return errors.New("sqlitestore: MaxBytes is less than 1 MiB")
	}
	if o.Readers == 0 {
		o.Readers = readersPerCPU * runtime.GOMAXPROCS(0)
	}
	if o.Batch == 0 {
		o.Batch = defaultBatch
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}
