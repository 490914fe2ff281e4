package main

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/respond"
	"github.com/forthright-http/forthright/respond/conform"
)

// The problem types of this service. GET /problems documents them.
var (
	ReferenceTaken = problem.NewType("reference-taken", http.StatusConflict, "An order of yours has this reference already",
		problem.Doc("Each order of an owner has a reference of its own. Take another, or delete the order that has it: its reference is free again then."))
)

// problemTypes are all that the catalogue documents.
var problemTypes = slices.Concat(authn.Types(), async.Types(), ratelimit.Types(), []*problem.Type{ReferenceTaken, OutOfCredit, ExportFailed})

type serviceOptions struct {
	PublicURL string           // origin, without a slash at the end
	Logger    *slog.Logger     //
	Check     bool             // log each answer that breaks a rule of HTTP
	Limits    limits           // by default none
	Orders    store            // in memory by default
	Backend   async.Backend    // of jobs; in memory by default
	Secret    []byte           // 32 bytes that all processes share; by default its own
	Workers   int              // how many jobs run here at once; by default as many as fit
	Drain     time.Duration    // how long running jobs may go on in a shutdown
	Now       func() time.Time // time.Now by default
}

// service holds what the handlers share.
type service struct {
	handler  http.Handler
	api      *respond.API
	problems *problem.Writer
	orders   store
	issuer   *issuer
	auth     *authn.Authenticator
	jobs     *async.Jobs
	exports  *async.Kind[exportRequest, async.Content]

	tokenRequest *respond.Decoder[tokenRequest]
	newOrder     *respond.Decoder[NewOrder]
	replace      *respond.Decoder[replacement]
	payment      *respond.Decoder[Payment]
	patch        *respond.Patcher[NewOrder]
	listQuery    *respond.ParamsDecoder[listQuery]
	cursors      *respond.Cursors[place]
	openAPI      http.Handler

	draining atomic.Bool
	running  atomic.Int64
}

func newService(o serviceOptions) (*service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	problems, err := problem.NewWriter(problem.Options{
		Base:   o.PublicURL + "/problems/",
		Logger: o.Logger,
		Map: []problem.Mapping{
			problem.Map(errNotFound, problem.NotFound("There is no order with this id.")),
			problem.Map(errDeleted, problem.Gone("This order was deleted.")),
			problem.Map(errReferenceTaken, ReferenceTaken.New("Choose another reference.")),
			problem.Map(errStale, problem.Conflict("The order was changed meanwhile. Get it again, and decide anew.")),
		},
	})
	if err != nil {
		return nil, err
	}
	api, err := respond.New(respond.Options{Problems: problems, MaxBytes: maxContent})
	if err != nil {
		return nil, err
	}
	if o.Orders == nil {
		o.Orders = newStore(o.Now)
	}
	if o.Secret == nil {
		o.Secret = make([]byte, 32)
		rand.Read(o.Secret)
	}
	s := &service{api: api, problems: problems, orders: o.Orders}
	if s.issuer, err = newIssuer(o.PublicURL, o.Secret, o.Now); err != nil {
		return nil, err
	}
	if s.auth, err = newAuth(o, s); err != nil {
		return nil, err
	}
	if err := s.makeReaders(o); err != nil {
		return nil, err
	}
	if o.Backend == nil {
		if o.Backend, err = async.NewMemory(async.MemoryOptions{}); err != nil {
			return nil, err
		}
	}
	if err := s.newJobs(o); err != nil {
		return nil, err
	}
	routes, err := s.routes(o)
	if err != nil {
		return nil, err
	}
	guard, err := o.Limits.guard(problems)
	if err != nil {
		return nil, err
	}
	s.handler = s.count(api.Wrap(limited(guard, api.Mux(routes))))
	if o.Check {
		check, err := conform.Middleware(conform.MiddlewareOptions{Logger: o.Logger})
		if err != nil {
			return nil, err
		}
		s.handler = api.RequestID(check(s.handler))
	}
	return s, nil
}

// makeReaders makes what reads requests, once: a wrong rule in a struct tag
// is found here.
func (s *service) makeReaders(o serviceOptions) (err error) {
	rules, err := newRules()
	if err != nil {
		return err
	}
	decoding := respond.DecodeOptions{MaxBytes: maxContent, Null: respond.NullPointersOnly, Validator: rules, Details: ruleDetails}
	if s.newOrder, err = respond.NewDecoder[NewOrder](decoding); err != nil {
		return err
	}
	if s.replace, err = respond.NewDecoder[replacement](decoding); err != nil {
		return err
	}
	if s.tokenRequest, err = respond.NewDecoder[tokenRequest](decoding); err != nil {
		return err
	}
	if s.payment, err = respond.NewDecoder[Payment](decoding); err != nil {
		return err
	}
	if s.patch, err = respond.NewPatcher[NewOrder](respond.PatchOptions{MaxBytes: maxContent, MaxResultBytes: maxContent, Null: decoding.Null, Validator: rules, Details: ruleDetails}); err != nil {
		return err
	}
	if s.listQuery, err = respond.NewParams[listQuery](respond.ParamsOptions{}); err != nil {
		return err
	}
	key, err := hkdf.Key(sha256.New, o.Secret, nil, "cursors", 32)
	if err != nil {
		return err
	}
	if s.cursors, err = respond.NewCursors[place](key, respond.CursorOptions{}); err != nil {
		return err
	}
	s.openAPI, err = openAPI(o.PublicURL)
	return err
}

// maxContent is the limit on the content of a request.
const maxContent = 64 << 10

func (s *service) routes(o serviceOptions) (*http.ServeMux, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", console())
	mux.Handle("GET /healthz", s.api.Handle(s.health))
	mux.Handle("GET /openapi.json", s.openAPI)
	catalog := s.problems.Catalog(problemTypes...)
	mux.Handle("GET /problems", catalog)
	mux.Handle("GET /problems/{name}", catalog)
	mux.Handle("GET /.well-known/oauth-protected-resource", s.auth.Metadata())
	mux.Handle("GET /.well-known/jwks.json", s.api.Handle(s.issuer.keySet))
	s.demo(mux)

	limit, err := o.Limits.byPrincipal(s.problems)
	if err != nil {
		return nil, err
	}
	once, err := s.once(o)
	if err != nil {
		return nil, err
	}
	deprecated, err := respond.Deprecated(respond.Deprecation{
		Since:     time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC),
		Sunset:    time.Date(2027, time.December, 31, 0, 0, 0, 0, time.UTC),
		Successor: func(r *http.Request) string { return "/v1" + strings.TrimPrefix(r.URL.EscapedPath(), "/v0") },
	})
	if err != nil {
		return nil, err
	}
	read := []authn.Requirement{authn.Scope(readOrders)}
	write := []authn.Requirement{authn.Scope(writeOrders)}
	remove := append(write, authn.MaxAge(freshLogin))
	for _, route := range []struct {
		method, path string
		handler      func(*http.Request, string) (respond.Response, error)
		needs        []authn.Requirement
	}{
		{"GET", "/orders", s.listOrders, read},
		{"POST", "/orders", s.createOrder, write},
		{"GET", "/orders/latest", s.latestOrder, read},
		{"GET", "/orders/{id}", s.getOrder, read},
		{"PUT", "/orders/{id}", s.replaceOrder, write},
		{"PATCH", "/orders/{id}", s.patchOrder, write},
		{"DELETE", "/orders/{id}", s.deleteOrder, remove},
		{"POST", "/orders/{id}/payment", s.payOrder, write},
	} {
		within := limit
		if route.method == "POST" && route.path == "/orders" {
			within = func(h http.Handler) http.Handler { return limit(once(h)) }
		}
		h := s.private(within, route.handler, route.needs...)
		mux.Handle(route.method+" /v1"+route.path, h)
		mux.Handle(route.method+" /v0"+route.path, deprecated(h))
	}
	mux.Handle("POST /v1/exports", s.auth.Require(read...)(limit(s.exports)))
	jobs := s.auth.Require()(limit(s.jobs))
	for _, pattern := range []string{"GET /v1/jobs", "GET /v1/jobs/{id}", "DELETE /v1/jobs/{id}", "GET /v1/jobs/{id}/result", "POST /v1/jobs/{id}/cancel"} {
		mux.Handle(pattern, jobs) // OPTIONS, 404, 405 and 501 come before authentication
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		mux.Handle(method+" /orders", s.api.Handle(s.moved))
		mux.Handle(method+" /orders/{rest...}", s.api.Handle(s.moved))
	}
	return mux, nil
}

// health tells a balancer whether to send requests here.
func (s *service) health(*http.Request) (respond.Response, error) {
	if s.draining.Load() {
		return respond.Fail(problem.Unavailable(5 * time.Second).WithDetail("The service is shutting down."))
	}
	return respond.OK(map[string]string{"status": "ok"}).CacheControl(respond.NoStore), nil
}

// count keeps the number of running requests, for draining. A look at the
// health is none.
func (s *service) count(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			s.running.Add(1)
			defer s.running.Add(-1)
		}
		h.ServeHTTP(w, r)
	})
}

// idle waits until no request is running, or ctx ends.
func (s *service) idle(ctx context.Context) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for s.running.Load() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
