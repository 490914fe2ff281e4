package jsonx

import (
	"reflect"
	"testing"
)

// An order is the representative document: about 1 KB.
type order struct {
	ID       string            `json:"id"`
	Customer customer          `json:"customer"`
	Items    []item            `json:"items"`
	Notes    *string           `json:"notes,omitempty"`
	Tags     []string          `json:"tags"`
	Meta     map[string]string `json:"meta"`
	Total    float64           `json:"total"`
	Paid     bool              `json:"paid"`
}

type customer struct {
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	Age     int8    `json:"age"`
	Address address `json:"address"`
}

type address struct {
	Street string `json:"street"`
	City   string `json:"city"`
	Zip    string `json:"zip"`
}

type item struct {
	SKU      string  `json:"sku"`
	Name     string  `json:"name"`
	Quantity int     `json:"quantity"`
	Price    float64 `json:"price"`
	Gift     bool    `json:"gift"`
}

const orderDoc = `{
  "id": "ord_01J9Z3Q4W5E6R7T8Y9U0",
  "customer": {"name": "Ada Lovelace", "email": "ada@example.com", "age": 36,
    "address": {"street": "12 St James's Square", "city": "London", "zip": "SW1Y 4JH"}},
  "items": [
    {"sku": "BK-0001", "name": "Sketch of the Analytical Engine", "quantity": 1, "price": 24.5, "gift": false},
    {"sku": "PN-0420", "name": "Fountain pen, black", "quantity": 3, "price": 12.25, "gift": true},
    {"sku": "PP-1000", "name": "Paper, five hundred sheets", "quantity": 2, "price": 7.99, "gift": false},
    {"sku": "IN-0007", "name": "Ink, violet, thirty millilitres", "quantity": 4, "price": 9, "gift": true},
    {"sku": "CD-5309", "name": "Punched cards, one hundred", "quantity": 10, "price": 1.5, "gift": false}
  ],
  "notes": "Leave it with the neighbour at number fourteen, please.",
  "tags": ["books", "stationery", "first-order"],
  "meta": {"channel": "web", "campaign": "autumn", "locale": "en-GB"},
  "total": 143.73,
  "paid": true
}`

func mustNew[T any](t testing.TB, o Options) *Decoder {
	t.Helper()
	d, err := New(reflect.TypeFor[T](), o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
