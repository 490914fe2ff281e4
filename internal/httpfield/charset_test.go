package httpfield

import "testing"

func TestNegotiateCharset(t *testing.T) {
	testNegotiation(t, NegotiateCharset, []negotiationTest{
		{"12.5.2 example", []string{"iso-8859-5, unicode-1-1;q=0.8"}, []string{"unicode-1-1", "ISO-8859-5"}, 1, "iso-8859-5", 1000},
		{"12.5.2 none", []string{"iso-8859-5"}, []string{"utf-8"}, -1, "", 0},
		{"12.5.2 *", []string{"iso-8859-5, *;q=0.1"}, []string{"utf-8"}, 0, "*;q=0.1", 100},
		{"12.5.2 * is for those not named", []string{"utf-8;q=0, *"}, []string{"utf-8", "us-ascii"}, 1, "*", 1000},
		{"12.5.2 absent", nil, []string{"utf-8"}, 0, "", 1000},
		{"malformed dropped", []string{"utf-8;q=2, us-ascii;q=0.1"}, []string{"utf-8", "us-ascii"}, 1, "us-ascii;q=0.1", 100},
		{"malformed: another parameter", []string{"utf-8;x=1"}, []string{"us-ascii"}, 0, "", 1000},
		{"5.3 two lines", []string{"a", "b"}, []string{"b"}, 0, "b", 1000},
	})
}

func FuzzNegotiateCharset(f *testing.F) {
	f.Add("iso-8859-5, unicode-1-1;q=0.8")
	f.Add("*;q=0;, utf-8")
	fuzzNegotiation(f, NegotiateCharset, []string{"utf-8", "us-ascii"})
}
