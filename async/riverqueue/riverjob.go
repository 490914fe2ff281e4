package riverqueue

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// riverArgs is what a job of River has: which job it begins an attempt of. Each
// attempt is a job of River of its own.
type riverArgs struct {
	ID    string    `json:"id"`
	kind  string    // River's
	runAt time.Time // its place in the queue
	later bool      // not soon
}

// Kind implements river.JobArgs.
func (a riverArgs) Kind() string { return a.kind }

// attemptsOfRiver is how often River may try to begin an attempt: it fails only where
// PostgreSQL does.
const attemptsOfRiver = 10_000

// soon is how far ahead a job may be that River looks at as one that may run. Later
// ones are scheduled, and become available when their time has come.
const soon = 5 * time.Second

// placeJob gives a job its place in the queue: River by itself would let one that has
// waited before wait for its scheduler. It is a hook of River.
func placeJob(_ context.Context, p *rivertype.JobInsertParams) error {
	a, ok := p.Args.(riverArgs)
	if !ok {
		return nil
	}
	p.ScheduledAt, p.State = &a.runAt, rivertype.JobStateAvailable
	if a.later {
		p.State = rivertype.JobStateScheduled
	}
	return nil
}

var fitsRiver = regexp.MustCompile(`^\w[\w.-]+$`)

// riverKind is the kind of jobs of River for ours. River takes not all that we do.
func riverKind(kind string) string {
	if fitsRiver.MatchString(kind) {
		return kind
	}
	return "kind:" + kind // ours has no colon
}

// placed is a job that is to be put into River.
type placed struct {
	id, kind string
	KindOptions
	runAt time.Time
	later bool
}

// insert puts jobs into River, and returns the numbers there by our ids.
func insert(ctx context.Context, c *river.Client[pgx.Tx], tx pgx.Tx, jobs []placed) (map[string]int64, error) {
	params := make([]river.InsertManyParams, len(jobs))
	for i, j := range jobs {
		params[i] = river.InsertManyParams{
			Args:       riverArgs{ID: j.id, kind: riverKind(j.kind), runAt: j.runAt, later: j.later},
			InsertOpts: &river.InsertOpts{Queue: j.Queue, Priority: j.Priority, MaxAttempts: attemptsOfRiver},
		}
	}
	results, err := c.InsertManyTx(ctx, tx, params)
	if err != nil {
		return nil, err
	}
	numbers := make(map[string]int64, len(results))
	for _, r := range results {
		var a riverArgs
		if err := json.Unmarshal(r.Job.EncodedArgs, &a); err != nil {
			return nil, err
		}
		numbers[a.ID] = r.Job.ID
	}
	if len(numbers) != len(jobs) {
		return nil, fmt.Errorf("River kept %d of %d jobs", len(numbers), len(jobs))
	}
	return numbers, nil
}
