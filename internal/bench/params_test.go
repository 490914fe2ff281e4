package bench

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-playground/validator/v10"
	"github.com/labstack/echo/v4"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// listing is what GET /customers/{id}/orders takes: by the tags of this module
// and of echo, with the rules of the validator.
type listing struct {
	ID    int       `path:"id" param:"id" validate:"gte=1"`
	Limit int       `query:"limit" default:"20" validate:"gte=1,lte=100"`
	Owner string    `query:"customer" validate:"max=64"`
	Since time.Time `query:"since"`
	Trace string    `header:"X-Trace" validate:"max=64"`
}

// plainListing is listing with its rules in a method.
type plainListing struct {
	ID    int       `path:"id"`
	Limit int       `query:"limit" default:"20"`
	Owner string    `query:"customer"`
	Since time.Time `query:"since"`
	Trace string    `header:"X-Trace"`
}

func (l *plainListing) Validate() error {
	var errs problem.Items
	if l.ID < 1 {
		errs.Add("range", "must be at least 1.", "id")
	}
	if l.Limit < 1 || l.Limit > 100 {
		errs.Add("range", "must be 1 to 100.", "limit")
	}
	if len(l.Owner) > 64 {
		errs.Add("max", "must have at most 64 characters.", "customer")
	}
	if len(l.Trace) > 64 {
		errs.Add("max", "must have at most 64 characters.", "X-Trace")
	}
	return errs.Err()
}

// Gin checks the rules after each of its three calls: three types.
type (
	ginPath struct {
		ID int `uri:"id" validate:"gte=1"`
	}
	ginQuery struct {
		Limit int       `form:"limit,default=20" validate:"gte=1,lte=100"`
		Owner string    `form:"customer" validate:"max=64"`
		Since time.Time `form:"since" time_format:"2006-01-02T15:04:05Z07:00"`
	}
	ginHeader struct {
		Trace string `header:"X-Trace" validate:"max=64"`
	}
)

// binder is one way to read a listing. Its bind makes what a router would have
// made before: a context, and the parameter of the path.
type binder struct {
	name string
	bind func(r *http.Request) func() (listing, error)
}

func binders() []binder {
	tagged := respond.Must(respond.NewParams[listing](respond.ParamsOptions{Validator: newValidator()}))
	plain := respond.Must(respond.NewParams[plainListing](respond.ParamsOptions{}))
	validate := newValidator()
	return []binder{
		{"forthright", func(r *http.Request) func() (listing, error) {
			return func() (listing, error) { return tagged.Decode(r) }
		}},
		{"forthright-params", func(r *http.Request) func() (listing, error) {
			return func() (listing, error) { return respond.Params[listing](r) }
		}},
		{"forthright-validate", func(r *http.Request) func() (listing, error) {
			return func() (listing, error) {
				l, err := plain.Decode(r)
				return listing(l), err
			}
		}},
		{"nethttp", func(r *http.Request) func() (listing, error) {
			return func() (listing, error) {
				l, err := bindByHand(r)
				if err == nil {
					err = validate.Struct(&l)
				}
				return l, err
			}
		}},
		{"nethttp-validate", func(r *http.Request) func() (listing, error) {
			return func() (listing, error) {
				l, err := bindByHand(r)
				if err == nil {
					p := plainListing(l)
					err = p.Validate()
				}
				return l, err
			}
		}},
		{"echo", bindEcho},
		{"gin", bindGin},
	}
}

// bindByHand stops at the first error.
func bindByHand(r *http.Request) (l listing, err error) {
	if l.ID, err = strconv.Atoi(r.PathValue("id")); err != nil {
		return l, err
	}
	query := r.URL.Query()
	l.Limit = 20
	if query.Has("limit") {
		if l.Limit, err = strconv.Atoi(query.Get("limit")); err != nil {
			return l, err
		}
	}
	l.Owner = query.Get("customer")
	if query.Has("since") {
		if l.Since, err = time.Parse(time.RFC3339, query.Get("since")); err != nil {
			return l, err
		}
	}
	l.Trace = r.Header.Get("X-Trace")
	return l, nil
}

func bindEcho(r *http.Request) func() (listing, error) {
	e := echo.New()
	e.Validator = echoValidator{newValidator()}
	c := e.NewContext(r, nil)
	names, values := []string{"id"}, []string{r.PathValue("id")}
	var b echo.DefaultBinder
	return func() (listing, error) {
		c.Reset(r, nil) // it remembers the query
		c.SetParamNames(names...)
		c.SetParamValues(values...)
		l := listing{Limit: 20}
		err := errors.Join(b.BindPathParams(c, &l), b.BindQueryParams(c, &l), b.BindHeaders(c, &l))
		if err == nil {
			err = c.Validate(&l)
		}
		return l, err
	}
}

func bindGin(r *http.Request) func() (listing, error) {
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = r
	c.Params = gin.Params{{Key: "id", Value: r.PathValue("id")}}
	return func() (listing, error) {
		var p ginPath
		var q ginQuery
		var h ginHeader
		err := errors.Join(c.ShouldBindUri(&p), c.ShouldBindQuery(&q), c.ShouldBindHeader(&h))
		return listing{p.ID, q.Limit, q.Owner, q.Since, h.Trace}, err
	}
}

func listingRequest(id, query string) *http.Request {
	r := httptest.NewRequest("GET", "/customers/17/orders?"+query, nil)
	r.SetPathValue("id", id)
	r.Header.Set("X-Trace", "01jz3k9v7q")
	return r
}

const listingQuery = "limit=50&customer=ana.lopez&since=2027-01-04T00:00:00Z"

var wantListing = listing{17, 50, "ana.lopez", time.Date(2027, 1, 4, 0, 0, 0, 0, time.UTC), "01jz3k9v7q"}

func TestParams(t *testing.T) {
	long := "customer=" + strings.Repeat("a", 65)
	for _, b := range binders() {
		t.Run(b.name, func(t *testing.T) {
			for query, limit := range map[string]int{listingQuery: 50, listingQuery[len("limit=50&"):]: 20} {
				bind := b.bind(listingRequest("17", query))
				for range 3 {
					want := wantListing
					want.Limit = limit
					got, err := bind()
					if err != nil || !got.Since.Equal(want.Since) {
						t.Fatalf("%s: %v, %v", query, got, err)
					}
					if got.Since = want.Since; got != want {
						t.Errorf("%s: %v, want %v", query, got, want)
					}
				}
			}
			for query, id := range map[string]string{
				"": "0", "limit=50": "a", "limit=0": "17", "limit=101": "17", "limit=abc": "17", "since=yesterday": "17", long: "17",
			} {
				if got, err := b.bind(listingRequest(id, query))(); err == nil {
					t.Errorf("%s with id %s: %v", query, id, got)
				}
			}
		})
	}
	var found validator.ValidationErrors
	if _, err := bindGin(listingRequest("17", "limit=101"))(); !errors.As(err, &found) {
		t.Errorf("gin does not check rules: %v", err)
	}
}

// BenchmarkParams reads five parameters and checks their rules.
func BenchmarkParams(b *testing.B) {
	for _, c := range binders() {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			bind := c.bind(listingRequest("17", listingQuery))
			var got listing
			var err error
			for b.Loop() {
				got, err = bind()
			}
			if err != nil || got.Limit != 50 {
				b.Fatal(got, err)
			}
		})
	}
}
