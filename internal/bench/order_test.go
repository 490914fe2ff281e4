package bench

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/go-playground/validator/v10"
)

// NewOrder is what every contender reads, by the contract of examples/orders:
// huma by its own tags, the others by those of the validator.
type NewOrder struct {
	Reference     string `json:"reference" validate:"required,max=64" minLength:"1" maxLength:"64"`
	Customer      string `json:"customer" validate:"required,max=254,email" minLength:"1" maxLength:"254" format:"email"`
	Currency      string `json:"currency" validate:"required,iso4217" pattern:"^[A-Z]{3}$"`
	Items         []Item `json:"items" validate:"required,min=1,max=100,dive" minItems:"1" maxItems:"100"`
	DeliverAfter  string `json:"deliver_after,omitempty" validate:"omitempty,datetime=2006-01-02" format:"date"`
	DeliverBefore string `json:"deliver_before,omitempty" validate:"omitempty,datetime=2006-01-02,after=DeliverAfter" format:"date"`
	Note          string `json:"note,omitempty" validate:"max=1000" maxLength:"1000"`
}

// Item is a line of an order.
type Item struct {
	SKU       string `json:"sku" validate:"required,sku" pattern:"^[A-Z]{2}-[0-9]{3}$"`
	Quantity  int    `json:"quantity" validate:"required,min=1,max=1000" minimum:"1" maximum:"1000"`
	UnitPrice string `json:"unit_price" validate:"required,price" pattern:"^(0|[1-9][0-9]{0,9})(\\.[0-9]{1,2})?$"`
}

// Order is what every contender answers.
type Order struct {
	ID string `json:"id"`
	NewOrder
	Status string `json:"status"`
}

func created(in NewOrder) Order { return Order{ID: orderID, NewOrder: in, Status: "open"} }

const (
	orderID  = "ord_01jz3k9v7q"
	orderURI = "/orders/" + orderID
)

// newValidator has the rules of the contract that the library does not bring.
// Each contender that uses it has its own.
func newValidator() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	for tag, rule := range map[string]validator.Func{
		"sku":   func(f validator.FieldLevel) bool { return isSKU(f.Field().String()) },
		"price": func(f validator.FieldLevel) bool { return isPrice(f.Field().String()) },
		"after": func(f validator.FieldLevel) bool {
			other, _, _, ok := f.GetStructFieldOK2()
			return !ok || f.Field().String() > other.String() // dates of ISO 8601
		},
	} {
		if err := v.RegisterValidation(tag, rule); err != nil {
			panic(err)
		}
	}
	return v
}

func isSKU(s string) bool {
	return len(s) == 6 && isUpper(s[0]) && isUpper(s[1]) && s[2] == '-' && isDigits(s[3:])
}

// isPrice takes a decimal of at most two places, above 0.
func isPrice(s string) bool {
	units, cents, point := strings.Cut(s, ".")
	return isDigits(units) && len(units) <= 10 && (!point || isDigits(cents) && len(cents) <= 2) &&
		strings.Trim(s, "0.") != ""
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// validOrder makes the nth of many orders of about 1 KB, each with strings of
// its own.
func validOrder(n int) []byte {
	in := NewOrder{
		Reference:     fmt.Sprintf("web-2027-%06d", n),
		Customer:      fmt.Sprintf("ana.lopez.%d@example.com", n),
		Currency:      "EUR",
		DeliverAfter:  "2027-01-04",
		DeliverBefore: fmt.Sprintf("2027-02-%02d", n%28+1),
		Note: strings.Repeat("Please leave it with the neighbours at number 12 when nobody opens. ", 6) +
			fmt.Sprintf("The code of the door is %d.", n),
	}
	for i := range 8 {
		k := 8*n + i
		in.Items = append(in.Items, Item{
			SKU:       fmt.Sprintf("%c%c-%03d", 'A'+k/1000%26, 'A'+k%26, k%1000),
			Quantity:  k%99 + 1,
			UnitPrice: fmt.Sprintf("%d.%02d", k%2000+1, k%100),
		})
	}
	b, err := json.Marshal(in)
	if err != nil {
		panic(err)
	}
	return b
}

// invalidOrder breaks three rules: at /currency, /items/3/quantity and
// /items/5/sku.
func invalidOrder() []byte {
	var in NewOrder
	if err := json.Unmarshal(validOrder(0), &in); err != nil {
		panic(err)
	}
	in.Currency, in.Items[3].Quantity, in.Items[5].SKU = "EURO", 5000, "books-17"
	b, err := json.Marshal(in)
	if err != nil {
		panic(err)
	}
	return b
}

// Book is what a small GET answers.
type Book struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	Author    string `json:"author"`
	Year      int    `json:"year"`
	Available bool   `json:"available"`
}

var book = Book{"bk_17", "The Name of the Rose", "Umberto Eco", 1980, true}
