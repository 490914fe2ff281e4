package bench

import (
	"net/mail"
	"time"

	"github.com/forthright-http/forthright/problem"
)

// PlainOrder is NewOrder without tags: its rules are in its Validate method.
type PlainOrder struct {
	Reference     string      `json:"reference"`
	Customer      string      `json:"customer"`
	Currency      string      `json:"currency"`
	Items         []PlainItem `json:"items"`
	DeliverAfter  string      `json:"deliver_after,omitempty"`
	DeliverBefore string      `json:"deliver_before,omitempty"`
	Note          string      `json:"note,omitempty"`
}

// PlainItem is Item without tags.
type PlainItem struct {
	SKU       string `json:"sku"`
	Quantity  int    `json:"quantity"`
	UnitPrice string `json:"unit_price"`
}

// CreatedPlainOrder is Order without tags.
type CreatedPlainOrder struct {
	ID string `json:"id"`
	PlainOrder
	Status string `json:"status"`
}

func createdPlain(in PlainOrder) CreatedPlainOrder {
	return CreatedPlainOrder{ID: orderID, PlainOrder: in, Status: "open"}
}

// Validate keeps the same rules as the tags of NewOrder.
func (o *PlainOrder) Validate() error {
	var errs problem.Items
	if o.Reference == "" || len(o.Reference) > 64 {
		errs.Add("length", "must have 1 to 64 characters.", "reference")
	}
	if a, err := mail.ParseAddress(o.Customer); err != nil || a.Address != o.Customer || len(o.Customer) > 254 {
		errs.Add("email", "must be an e-mail address.", "customer")
	}
	if !currencies[o.Currency] {
		errs.Add("iso4217", "must be a currency code (ISO 4217).", "currency")
	}
	if len(o.Items) < 1 || len(o.Items) > 100 {
		errs.Add("length", "must have 1 to 100 elements.", "items")
	}
	for i := range o.Items {
		item := &o.Items[i]
		if !isSKU(item.SKU) {
			errs.Add("sku", "must look like AB-123.", "items", i, "sku")
		}
		if item.Quantity < 1 || item.Quantity > 1000 {
			errs.Add("range", "must be 1 to 1000.", "items", i, "quantity")
		}
		if !isPrice(item.UnitPrice) {
			errs.Add("price", "must be a decimal of at most two places, above 0.", "items", i, "unit_price")
		}
	}
	if o.DeliverAfter != "" && !isDate(o.DeliverAfter) {
		errs.Add("date", "must be a date.", "deliver_after")
	}
	if o.DeliverBefore != "" {
		if !isDate(o.DeliverBefore) {
			errs.Add("date", "must be a date.", "deliver_before")
		}
		if o.DeliverBefore <= o.DeliverAfter {
			errs.Add("after", "must be after deliver_after.", "deliver_before")
		}
	}
	if len(o.Note) > 1000 {
		errs.Add("max", "must have at most 1000 characters.", "note")
	}
	return errs.Err()
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

var currencies = map[string]bool{
	"AUD": true, "BRL": true, "CAD": true, "CHF": true, "CNY": true, "CZK": true, "DKK": true, "EUR": true,
	"GBP": true, "HUF": true, "INR": true, "JPY": true, "KRW": true, "MXN": true, "NOK": true, "NZD": true,
	"PLN": true, "SEK": true, "SGD": true, "TRY": true, "USD": true, "ZAR": true,
}
