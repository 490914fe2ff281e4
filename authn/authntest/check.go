package authntest

import (
	"net/http"
	"testing"
)

// Check sends the request of every row that applies to the route to h, and fails
// the test for each wrong answer. The service must have the issuer's clock
// ([Issuer.Now]); where it has its [Issuer.OnDecision], the reasons are checked, too.
func (i *Issuer) Check(t *testing.T, h http.Handler, route Route) {
	t.Helper()
	send := Direct(h)
	for _, row := range i.Rows(route) {
		t.Run(row.Name, func(t *testing.T) {
			res, err := row.Do(send)
			if err != nil {
				t.Fatal(err)
			}
			row.Want(t, res)
		})
	}
	i.repair()
}
