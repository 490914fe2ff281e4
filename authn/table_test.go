package authn_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/authn/authntest"
	"github.com/forthright-http/forthright/problem"
)

// tableSeen is what the rows that passed were about.
type tableSeen struct {
	types   map[string]bool
	reasons map[authn.Reason]bool
}

// TestDecisionTable sends a request for every row of the decision table to services
// of every kind, over TLS, and lets conform judge every answer.
func TestDecisionTable(t *testing.T) {
	seen, services := tableSeen{map[string]bool{}, map[authn.Reason]bool{}}, 0
	for _, s := range tableServices {
		t.Run(s.name, func(t *testing.T) {
			services++
			s.run(t, newTableWorld(t), seen)
		})
	}
	for _, algorithms := range [][]string{
		{"RS256"}, {"PS256"}, {"EdDSA"}, {"Ed25519"}, {"ES384"}, {"ES512"}, {"HS256"}, {"HS512"},
		{"ES256", "RS256", "EdDSA"}, {"RS256", "PS256"}, // keys for which a token may name the wrong one
	} {
		s := tableServices[0]
		t.Run("JWT by "+strings.Join(algorithms, ", "), func(t *testing.T) { s.run(t, newTableWorld(t, algorithms...), seen) })
	}
	if !t.Failed() && services == len(tableServices) { // and not some of them, chosen by -run
		seen.checkAll(t)
	}
}

func (s tableService) run(t *testing.T, w *tableWorld, seen tableSeen) {
	o := s.options(w)
	o.Now, o.OnDecision = w.Now, w.OnDecision
	o.Problems = tableProblems(t)
	auth, err := authn.New(o)
	if err != nil {
		t.Fatal(err)
	}
	route := s.route(w)
	route.URL = tableURL
	var h http.Handler = http.HandlerFunc(tableHandler)
	switch {
	case route.Optional:
		h = auth.Optional(h)
	case s.demands != nil:
		h = auth.Require(s.demands...)(h)
	default:
		h = auth.Handler(h)
	}
	server := newTableServer(t, w, h)
	for _, row := range w.Rows(route) {
		t.Run(row.Name, func(t *testing.T) {
			res, err := row.Do(server.sender(row.Certificate))
			if err != nil {
				t.Fatal(err)
			}
			row.Want(t, res)
			wantTable(t, row)
			if row.Type != nil {
				seen.types[row.Type.Name()] = true
			}
			seen.reasons[row.Reason] = true
		})
	}
}

// tableProblems is a writer that does not log.
func tableProblems(t *testing.T) *problem.Writer {
	w, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func tableHandler(w http.ResponseWriter, r *http.Request) {
	w.Header()["Content-Type"] = []string{"text/plain; charset=utf-8"}
	w.Header()["Cache-Control"] = []string{"no-store"}
	w.Write([]byte("hello " + authn.From(r.Context()).Subject + "\n"))
}

// wantTable holds a row against what the table has for all of its rows, so that a
// mistake in the rows is found, too.
func wantTable(t *testing.T, row authntest.Row) {
	t.Helper()
	if row.Type == nil {
		return
	}
	errs := map[string]bool{}
	for _, c := range row.Challenges {
		errs[c.Error] = true
	}
	delete(errs, "")
	want, ok := tableErrors[row.Type.Name()]
	switch {
	case !ok:
		t.Errorf("the type %s is in no row of the table", row.Type.Name())
	case row.Status != want.status:
		t.Errorf("the row has the status %d, want %d", row.Status, want.status)
	case want.status == 503 && len(row.Challenges) > 0, want.status == 401 && len(row.Challenges) == 0:
		t.Errorf("a %d with the challenges %v", row.Status, row.Challenges)
	case len(errs) > 1, len(errs) == 1 && !errs[want.code]:
		t.Errorf("the row has the errors %v, want %q alone", errs, want.code)
	}
}

// tableErrors are the statuses and the error codes of the types, from the decision
// table.
var tableErrors = map[string]struct {
	status int
	code   string
}{
	"authentication-required":           {401, ""},
	"unsupported-authentication-scheme": {401, ""},
	"token-in-query":                    {401, ""},
	"malformed-credentials":             {400, "invalid_request"},
	"repeated-authorization":            {400, "invalid_request"},
	"token-sent-twice":                  {400, "invalid_request"},
	"invalid-credentials":               {401, ""},
	"invalid-api-key":                   {401, ""},
	"invalid-custom-credentials":        {401, ""},
	"malformed-token":                   {401, "invalid_token"},
	"token-algorithm":                   {401, "invalid_token"},
	"token-critical-header":             {401, "invalid_token"},
	"token-type":                        {401, "invalid_token"},
	"unknown-key":                       {401, "invalid_token"},
	"token-signature":                   {401, "invalid_token"},
	"token-expired":                     {401, "invalid_token"},
	"token-revoked":                     {401, "invalid_token"},
	"token-not-yet-valid":               {401, "invalid_token"},
	"token-issuer":                      {401, "invalid_token"},
	"token-audience":                    {401, "invalid_token"},
	"token-without-expiry":              {401, "invalid_token"},
	"token-claims":                      {401, "invalid_token"},
	"token-inactive":                    {401, "invalid_token"},
	"token-confirmation":                {401, "invalid_token"},
	"token-not-bound":                   {401, "invalid_token"},
	"token-bound-to-key":                {401, "invalid_token"},
	"token-key-binding":                 {401, "invalid_token"},
	"token-bound-to-certificate":        {401, "invalid_token"},
	"invalid-dpop-proof":                {401, "invalid_dpop_proof"},
	"dpop-nonce-required":               {401, "use_dpop_nonce"},
	"insufficient-scope":                {403, "insufficient_scope"},
	"access-denied":                     {403, ""},
	"insufficient-user-authentication":  {401, "insufficient_user_authentication"},
	"authentication-unavailable":        {503, ""},
}

// checkAll fails for a problem type, and for a reason of reason.go, that no row led
// to: there is no entry of the table without a test.
func (s tableSeen) checkAll(t *testing.T) {
	for _, typ := range authn.Types() {
		if !s.types[typ.Name()] {
			t.Errorf("no row leads to the problem type %s", typ.Name())
		}
	}
	for _, reason := range tableReasons(t) {
		if !s.reasons[reason] {
			t.Errorf("no row leads to the reason %s", reason)
		}
	}
}

// tableReasons reads the reasons from the source.
func tableReasons(t *testing.T) (reasons []authn.Reason) {
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			continue
		}
		for _, spec := range decl.Specs {
			v := spec.(*ast.ValueSpec)
			if typ, ok := v.Type.(*ast.Ident); !ok || typ.Name != "Reason" {
				continue
			}
			s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			reasons = append(reasons, authn.Reason(s))
		}
	}
	if len(reasons) < 50 || !slices.Contains(reasons, authn.TokenExpired) {
		t.Fatalf("only %d reasons were found", len(reasons))
	}
	return reasons
}
