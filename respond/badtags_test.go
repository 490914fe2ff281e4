package respond_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"

	"github.com/forthright-http/forthright/respond"
)

func newDecoderErr[T any](o respond.DecodeOptions) error {
	_, err := respond.NewDecoder[T](o)
	return err
}

type unknownRule struct {
	A string `validate:"nosuchrule"`
}

type holdsBad struct {
	Fine string `validate:"max=3"`
	Deep struct {
		Slice []struct {
			Map map[string]*struct {
				A []unknownRule
			}
		}
	}
}

type embedsBad struct{ unknownRule }

// What cannot work is found when the decoder is made, not by a request.
func TestBadTags(t *testing.T) {
	v := validator.New()
	_ = v.RegisterValidation("texts", func(fl validator.FieldLevel) bool {
		if fl.Field().Kind() != reflect.String {
			panic("not a text")
		}
		return true
	})
	for name, err := range map[string]error{
		"an unknown rule":              newDecoderErr[unknownRule](respond.DecodeOptions{}),
		"in slices, maps and pointers": newDecoderErr[holdsBad](respond.DecodeOptions{}),
		"in the elements of a slice":   newDecoderErr[[]*unknownRule](respond.DecodeOptions{}),
		"embedded and unexported":      newDecoderErr[embedsBad](respond.DecodeOptions{}),
		"with a validator": newDecoderErr[struct {
			A string `validate:"other"`
		}](respond.DecodeOptions{Validator: v}),
		"a rule of one's own on a kind, behind omitempty": newDecoderErr[struct {
			A []int `validate:"omitempty,dive,texts"`
		}](respond.DecodeOptions{Validator: v}),
		"a rule on a kind": newDecoderErr[struct {
			A bool `validate:"max=3"`
		}](respond.DecodeOptions{}),
		"on a kind, behind omitempty": newDecoderErr[struct {
			A *bool `validate:"omitempty,max=3"`
		}](respond.DecodeOptions{}),
		"behind a rule that fails first": newDecoderErr[struct {
			A string `validate:"email,max=three"`
		}](respond.DecodeOptions{}),
		"a setting that is no number": newDecoderErr[struct {
			A int `validate:"max=1.5"`
		}](respond.DecodeOptions{}),
		"no setting": newDecoderErr[struct {
			A string `validate:"max"`
		}](respond.DecodeOptions{}),
		"in elements": newDecoderErr[struct {
			A []bool `validate:"dive,max=1"`
		}](respond.DecodeOptions{}),
		"in keys": newDecoderErr[struct {
			A map[string]int `validate:"dive,keys,max=x,endkeys,min=1"`
		}](respond.DecodeOptions{}),
		"dive into a string": newDecoderErr[struct {
			A string `validate:"dive,max=1"`
		}](respond.DecodeOptions{}),
		"an empty rule": newDecoderErr[struct {
			A string `validate:"required,,max=1"`
		}](respond.DecodeOptions{}),
		"a field that is not there": newDecoderErr[struct {
			A int `validate:"gtfield=B"`
		}](respond.DecodeOptions{}),
		"a condition on such a field": newDecoderErr[struct {
			A int `validate:"required_without=B"`
		}](respond.DecodeOptions{}),
		"a condition that is no pair": newDecoderErr[struct {
			B string
			A int `validate:"required_if=B"`
		}](respond.DecodeOptions{}),
		"unique by a field that is not there": newDecoderErr[struct {
			A []struct{ B int } `validate:"unique=C"`
		}](respond.DecodeOptions{}),
		"unique among what cannot be compared": newDecoderErr[struct {
			A []any `validate:"unique"`
		}](respond.DecodeOptions{}),
		"an alternative": newDecoderErr[struct {
			A string `validate:"email|max=x"`
		}](respond.DecodeOptions{}),
		"a type that JSON cannot hold": newDecoderErr[struct{ A chan int }](respond.DecodeOptions{}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if !strings.HasPrefix(err.Error(), "respond: ") {
			t.Errorf("%s: the error is %q", name, err)
		}
	}
}

// What works is let through.
func TestGoodTags(t *testing.T) {
	v := validator.New()
	_ = v.RegisterValidation("mine", func(fl validator.FieldLevel) bool { return fl.Parent().FieldByName("A").Int() == 0 })
	for name, err := range map[string]error{
		"times": newDecoderErr[struct {
			A []time.Time      `validate:"dive,required"`
			B date             `validate:"required,gtfield=C"`
			C date             `validate:"lt"`
			D map[string]*date `validate:"dive,gt"`
		}](respond.DecodeOptions{}),
		"a time":            newDecoderErr[time.Time](respond.DecodeOptions{Validator: v}),
		"times in a list":   newDecoderErr[[]time.Time](respond.DecodeOptions{Validator: v}),
		"a map of anything": newDecoderErr[map[string]any](respond.DecodeOptions{Validator: v}),
		"a string":          newDecoderErr[string](respond.DecodeOptions{Validator: v}),
		"a rule of one's own": newDecoderErr[struct {
			A int `validate:"mine"`
		}](respond.DecodeOptions{Validator: v}),
		"conditions": newDecoderErr[struct {
			A string
			B *struct{ C int }
			D string `validate:"required_if=A x B nil"`
			E string `validate:"excluded_with=A B,required_without_all=A B"`
			F int    `validate:"omitempty,gtcsfield=B.C"`
			G []int  `validate:"max=3,unique,dive,oneof=1 2 3"`
		}](respond.DecodeOptions{}),
		"alternatives": newDecoderErr[struct {
			A string         `validate:"omitempty,hexcolor|rgb|len=3"`
			B string         `validate:"iscolor"`
			C map[string]int `validate:"dive,keys,max=3,endkeys,min=1"`
			D any            `validate:"dive,max=3"`
			E time.Duration  `validate:"min=1h"`
		}](respond.DecodeOptions{}),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The requests are fine, too.
	if got := summary(decodeErr[[]date](t, respond.DecodeOptions{Validator: v}, `[]`)); got != "fine" {
		t.Error(got)
	}
	if got := summary(decodeErr[[]time.Time](t, respond.DecodeOptions{Validator: v}, `["2027-01-04T00:00:00Z"]`)); got != "fine" {
		t.Error(got)
	}
}

type badCodec struct{ types []string }

func (c badCodec) MediaTypes() []string   { return c.types }
func (badCodec) Decode([]byte, any) error { return errors.New("never") }

func TestBadDecodeOptions(t *testing.T) {
	for name, o := range map[string]respond.DecodeOptions{
		"a negative limit":       {MaxBytes: -1},
		"no such policy":         {Null: 9},
		"a nil codec":            {Codecs: []respond.Codec{nil}},
		"no media types":         {Codecs: []respond.Codec{badCodec{}}},
		"a bad media type":       {Codecs: []respond.Codec{badCodec{[]string{"json"}}}},
		"a range":                {Codecs: []respond.Codec{badCodec{[]string{"application/*"}}}},
		"a parameter":            {Codecs: []respond.Codec{badCodec{[]string{"application/x; a=b"}}}},
		"capitals":               {Codecs: []respond.Codec{badCodec{[]string{"Application/X"}}}},
		"two codecs for a type":  {Codecs: []respond.Codec{respond.JSON, respond.JSON}},
		"two codecs for another": {Codecs: []respond.Codec{respond.JSON, badCodec{[]string{"application/x", "application/json"}}}},
	} {
		if err := newDecoderErr[sized](o); err == nil || !strings.HasPrefix(err.Error(), "respond: ") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	if err := newDecoderErr[[]string](respond.DecodeOptions{Codecs: []respond.Codec{respond.Form}}); err == nil {
		t.Error("a form is read into a slice")
	}
	defer func() {
		if recover() == nil {
			t.Error("Must does not panic")
		}
	}()
	respond.Must(respond.NewDecoder[unknownRule](respond.DecodeOptions{}))
}

// Decode with a type that cannot be decoded is a mistake of the service.
func TestDecodeBadType(t *testing.T) {
	if _, err := respond.Decode[unknownRule](jsonRequest(`{}`)); err == nil || !strings.Contains(err.Error(), "nosuchrule") {
		t.Errorf("the error is %v", err)
	}
}
