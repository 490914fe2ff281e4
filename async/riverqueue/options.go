package riverqueue

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
)

// Options are the settings of [Open]. The zero value is useful.
type Options struct {
	// Schema has the tables of River and of this package, by default that of the
	// search_path in which they are found.
	Schema string
	// Queue and Priority are those of River that jobs get, by default
	// river.QueueDefault and 1.
	Queue    string
	Priority int
	// Kinds are settings for single kinds.
	Kinds map[string]KindOptions
	// Lease is how long a process that runs jobs may be silent until they are given
	// to others, by default 30 s, at least 1 s. The jobs of a process that dies run
	// again within Lease and a tenth of it, 3 s at most, if there is a free worker.
	// Processes of one schema have the same Lease.
	Lease time.Duration
	// FetchCooldown is how long a process waits at least from one look for jobs to
	// the next, by default 5 ms: longer is less work for the database where there
	// are many workers. FetchPollInterval is how long at most, when no notification
	// comes, by default 250 ms.
	FetchCooldown     time.Duration
	FetchPollInterval time.Duration
	// River may change the rest of the settings of the client with which Run works:
	// plugins, how long River keeps its rows, whether it may lead. Schema, Queues,
	// Workers and JobTimeout stay as they are.
	River func(*river.Config)
	// Logger is told when PostgreSQL cannot be used, and when it can again, by
	// default slog.Default(). Warnings of River go there, too.
	Logger *slog.Logger
}

// KindOptions are the settings of one kind of jobs. What is zero is as in [Options].
type KindOptions struct {
	Queue    string
	Priority int
}

const (
	defaultLease        = 30 * time.Second
	leastLease          = time.Second
	defaultCooldown     = 5 * time.Millisecond
	defaultPollInterval = 250 * time.Millisecond
	leastPriority       = 1
	mostPriority        = 4
)

func (o *Options) complete() error {
	defaultTo(&o.Queue, river.QueueDefault)
	defaultTo(&o.Priority, river.PriorityDefault)
	defaultTo(&o.Lease, defaultLease)
	defaultTo(&o.FetchCooldown, defaultCooldown)
	defaultTo(&o.FetchPollInterval, max(defaultPollInterval, o.FetchCooldown))
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	kinds := make(map[string]KindOptions, len(o.Kinds))
	for name, k := range o.Kinds {
		defaultTo(&k.Queue, o.Queue)
		defaultTo(&k.Priority, o.Priority)
		kinds[name] = k
	}
	o.Kinds = kinds
	if o.Lease < leastLease {
		return fmt.Errorf("riverqueue: a Lease of %v is shorter than %v", o.Lease, leastLease)
	}
	if o.FetchCooldown < 0 || o.FetchPollInterval < 0 {
		return errors.New("riverqueue: FetchCooldown or FetchPollInterval is negative")
	}
	for _, k := range append(values(o.Kinds), KindOptions{o.Queue, o.Priority}) {
		if k.Priority < leastPriority || k.Priority > mostPriority {
			return fmt.Errorf("riverqueue: the priority %d is not %d to %d", k.Priority, leastPriority, mostPriority)
		}
	}
	return nil
}

// of are the settings of a kind.
func (o *Options) of(kind string) KindOptions {
	if k, ok := o.Kinds[kind]; ok {
		return k
	}
	return KindOptions{o.Queue, o.Priority}
}

// queues are all that are named.
func (o *Options) queues() []string {
	names := []string{o.Queue}
	for _, k := range o.Kinds {
		names = append(names, k.Queue)
	}
	return names
}

func values[K comparable, V any](m map[K]V) []V {
	var all []V
	for _, v := range m {
		all = append(all, v)
	}
	return all
}

func defaultTo[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}
