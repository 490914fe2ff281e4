package main

import (
	"errors"
	"regexp"
	"time"

	"github.com/go-playground/validator/v10"

	"github.com/forthright-http/forthright/problem"
)

// NewOrder is what a client sends to create an order.
type NewOrder struct {
	Reference     string  `json:"reference" validate:"required,max=64"`
	Customer      string  `json:"customer" validate:"required,max=254,email"`
	Currency      string  `json:"currency" validate:"required,iso4217"`
	Items         []Item  `json:"items" validate:"required,min=1,max=100,dive"`
	DeliverAfter  *Date   `json:"deliver_after,omitempty"`
	DeliverBefore *Date   `json:"deliver_before,omitempty"`
	Note          *string `json:"note,omitempty" validate:"omitempty,max=1000"`
}

// The states of an order.
const (
	statusOpen = "open"
	statusPaid = "paid"
)

// Item is a line of an order.
type Item struct {
	SKU       string `json:"sku" validate:"required,sku"`
	Quantity  int    `json:"quantity" validate:"required,min=1,max=1000"`
	UnitPrice Amount `json:"unit_price" validate:"required,gt=0,price"`
}

// replacement is what a PUT takes: a client may send back all that it got,
// and what the service owns is not looked at.
type replacement struct {
	NewOrder
	ID        any `json:"id"`
	Total     any `json:"total"`
	Status    any `json:"status"`
	CreatedAt any `json:"created_at"`
	UpdatedAt any `json:"updated_at"`
}

// Order is what the service keeps, and answers with.
type Order struct {
	ID string `json:"id"`
	NewOrder
	Total     Amount    `json:"total"`
	Status    string    `json:"status"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Validate checks what no tag can say: one member against another.
func (o NewOrder) Validate() error {
	var errs problem.Items
	if o.DeliverAfter != nil && o.DeliverBefore != nil && !o.DeliverBefore.After(*o.DeliverAfter) {
		errs.Add("date_range", "must be after deliver_after.", "deliver_before")
	}
	return errs.Err()
}

func (o NewOrder) total() Amount {
	var sum Amount
	for _, item := range o.Items {
		sum += item.UnitPrice * Amount(item.Quantity)
	}
	return sum
}

var sku = regexp.MustCompile(`^[A-Z]{2}-[0-9]{3}$`)

// newRules makes the validator that knows the rules in the tags above.
func newRules() (*validator.Validate, error) {
	rules := validator.New(validator.WithRequiredStructEnabled())
	return rules, errors.Join(
		rules.RegisterValidation("sku", func(f validator.FieldLevel) bool { return sku.MatchString(f.Field().String()) }),
		rules.RegisterValidation("price", func(f validator.FieldLevel) bool { return Amount(f.Field().Int()) < maxPrice }),
	)
}

// ruleDetails are what a client reads about rules of this service's own.
var ruleDetails = map[string]string{
	"sku":   "must look like AB-123: two capital letters, a hyphen, three digits.",
	"price": "must be less than 10000000000.00.",
}
