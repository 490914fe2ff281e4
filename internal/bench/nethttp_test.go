package bench

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/forthright-http/forthright/problem"
)

const maxBytes = 64 << 10

// problemBody is the struct that such services have for their errors.
type problemBody struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail,omitempty"`
	Errors []fieldError `json:"errors,omitempty"`
}

type fieldError struct {
	Field  string `json:"field"` // as the validator names it, without the type: items[3].quantity
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func writeProblem(w http.ResponseWriter, p problemBody) {
	w.Header().Set("Content-Type", problemType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxBytes)
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		var tooLarge *http.MaxBytesError
		status := http.StatusBadRequest
		if errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		writeProblem(w, problemBody{Type: "about:blank", Title: http.StatusText(status), Status: status})
		return false
	}
	return true
}

// jsonNames makes a validator tell fields by the names that clients know.
func jsonNames(v *validator.Validate) *validator.Validate {
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return name
	})
	return v
}

// listErrors makes the list of what a validator found.
func listErrors(err error) problemBody {
	p := problemBody{Type: "about:blank", Title: "Unprocessable Entity", Status: http.StatusUnprocessableEntity}
	var found validator.ValidationErrors
	if errors.As(err, &found) {
		for _, e := range found {
			_, field, _ := strings.Cut(e.Namespace(), ".")
			p.Errors = append(p.Errors, fieldError{field, e.Tag(), explain(e)})
		}
	}
	return p
}

func explain(e validator.FieldError) string {
	switch e.Tag() {
	case "required":
		return "is required"
	case "email":
		return "must be an e-mail address"
	case "iso4217":
		return "must be a currency code"
	case "min":
		return "must be at least " + e.Param()
	case "max":
		return "must be at most " + e.Param()
	case "sku":
		return "must look like AB-123"
	}
	return "is not valid"
}

// nethttp is net/http, encoding/json and the validator, as they are.
func nethttp() contender {
	validate := jsonNames(newValidator())
	return contender{
		name: "nethttp",
		create: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var in NewOrder
			if !readJSON(w, r, &in) {
				return
			}
			if err := validate.Struct(in); err != nil {
				writeProblem(w, listErrors(err))
				return
			}
			w.Header().Set("Location", orderURI)
			writeJSON(w, http.StatusCreated, created(in))
		}),
		notFound: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			writeProblem(w, problemBody{Type: "about:blank", Title: noOrderTitle, Status: http.StatusNotFound, Detail: noOrder})
		}),
		get: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			writeJSON(w, http.StatusOK, book)
		}),
	}
}

// nethttpValidate is the same with the Validate method in place of tags: it
// tells how much of forthright-validate's lead is the method's.
func nethttpValidate() contender {
	return contender{
		name: "nethttp-validate",
		create: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var in PlainOrder
			if !readJSON(w, r, &in) {
				return
			}
			if err := in.Validate(); err != nil {
				p := listErrors(nil)
				for _, e := range err.(problem.Items) {
					p.Errors = append(p.Errors, fieldError{e.Pointer, e.Code, e.Detail})
				}
				writeProblem(w, p)
				return
			}
			w.Header().Set("Location", orderURI)
			writeJSON(w, http.StatusCreated, createdPlain(in))
		}),
	}
}
