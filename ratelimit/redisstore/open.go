package redisstore

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// dialTimeout is how long a connection may take to come about.
const dialTimeout = time.Second

// Open connects to a Redis URL: redis://, rediss:// or unix://, with the settings that
// redis.ParseURL reads in its query, such as ?pool_size=50. The client keeps to
// deadlines, repeats no call and opens a connection in few round trips, whatever the
// query says. It does not wait for Redis: a service starts while that is down. Close
// the store to close the client.
func Open(url string, o Options) (*Store, error) {
	set, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("redisstore: the URL is not one of Redis: redis://USER:PASSWORD@HOST:PORT/DB") // the error may quote a password
	}
	set.ContextTimeoutEnabled = true
	set.MaxRetries = -1
	set.DialerRetries = 1 // the breaker tries again
	if set.DialTimeout == 0 {
		set.DialTimeout = dialTimeout
	}
	// A connection has to be ready within the deadline of the request that needs it.
	set.DisableIdentity = true
	set.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	client := redis.NewClient(set)
	s, err := New(client, o)
	if err != nil {
		client.Close()
		return nil, err
	}
	s.owned = true
	return s, nil
}

// New makes a [Store] on a client of your own. It returns an error for a client that
// would hold a request longer than its deadline (ContextTimeoutEnabled is not set) or
// repeat what failed (MaxRetries is not -1; that of a cluster is by default), and for
// settings that make no sense. It does not call Redis.
func New(client redis.UniversalClient, o Options) (*Store, error) {
	if err := checkClient(client); err != nil {
		return nil, err
	}
	if o.Rest < 0 {
		return nil, errors.New("redisstore: Rest is negative")
	}
	if strings.ContainsAny(o.Prefix, "{}") {
		return nil, fmt.Errorf("redisstore: the prefix %q has a brace, which is for the hash tag", o.Prefix)
	}
	if o.Prefix == "" {
		o.Prefix = defaultPrefix
	}
	if o.Failures == 0 {
		o.Failures = defaultFailures
	}
	if o.Rest == 0 {
		o.Rest = defaultRest
	}
	if o.Remember == 0 {
		o.Remember = defaultRemember
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Store{
		client: client, options: o, script: newScript(source),
		breaker: breaker{limit: o.Failures, rest: o.Rest, tell: o.OnBreaker},
		denials: denials{most: o.Remember},
	}, nil
}

var errNoClient = errors.New("redisstore: there is no client")

// checkClient: a call must end with its context, and must not be made twice. A client
// of another type is its author's to judge.
func checkClient(client redis.UniversalClient) error {
	var timeouts bool
	var retries int
	switch c := client.(type) {
	case nil:
		return errNoClient
	case *redis.Client: // Sentinel's too
		if c == nil {
			return errNoClient
		}
		timeouts, retries = c.Options().ContextTimeoutEnabled, c.Options().MaxRetries
	case *redis.ClusterClient:
		if c == nil {
			return errNoClient
		}
		timeouts, retries = c.Options().ContextTimeoutEnabled, c.Options().MaxRetries
	case *redis.Ring:
		if c == nil {
			return errNoClient
		}
		timeouts, retries = c.Options().ContextTimeoutEnabled, c.Options().MaxRetries
	default:
		return nil
	}
	if !timeouts {
		return errors.New("redisstore: the client does not keep to deadlines: set ContextTimeoutEnabled")
	}
	if retries > 0 { // -1 reads as 0 of a client, and as -1 of a cluster's
		return errors.New("redisstore: the client repeats calls that may have been counted: set MaxRetries to -1")
	}
	return nil
}
