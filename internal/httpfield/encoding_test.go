package httpfield

import "testing"

func TestNegotiateEncoding(t *testing.T) {
	gz := []string{"gzip", "identity"}
	testNegotiation(t, NegotiateEncoding, []negotiationTest{
		{"12.5.3 absent", nil, gz, 1, "", 1000},
		{"12.5.3 absent, no identity", nil, []string{"br", "gzip"}, 0, "", 1000},
		{"12.5.3 compress, gzip", []string{"compress, gzip"}, gz, 0, "gzip", 1000},
		{"12.5.3 empty", []string{""}, gz, 1, "", 1},
		{"12.5.3 empty, no identity", []string{""}, []string{"gzip"}, -1, "", 0},
		{"12.5.3 *", []string{"*"}, gz, 0, "*", 1000},
		{"12.5.3 weights", []string{"compress;q=0.5, gzip;q=1.0"}, []string{"compress", "gzip"}, 1, "gzip;q=1.0", 1000},
		{"12.5.3 gzip, identity, *;q=0", []string{"gzip;q=1.0, identity; q=0.5, *;q=0"}, []string{"br", "identity", "gzip"}, 2, "gzip;q=1.0", 1000},
		{"12.5.3 identity listed", []string{"gzip;q=1.0, identity; q=0.5, *;q=0"}, []string{"br", "identity"}, 1, "identity; q=0.5", 500},
		{"12.5.3 identity by default", []string{"br"}, gz, 1, "", 1},
		{"12.5.3 identity after all that is listed", []string{"gzip;q=0.001"}, []string{"identity", "gzip"}, 1, "gzip;q=0.001", 1},
		{"12.5.3 identity;q=0", []string{"identity;q=0, br"}, gz, -1, "", 0},
		{"12.5.3 *;q=0", []string{"*;q=0"}, gz, -1, "", 0},
		{"12.5.3 *;q=0 and identity", []string{"*;q=0, identity"}, gz, 1, "identity", 1000},
		{"12.5.3 gzip;q=0", []string{"gzip;q=0"}, gz, 1, "", 1},
		{"12.5.3 gzip;q=0 and *", []string{"gzip;q=0, *"}, gz, 1, "*", 1000},
		{"8.4.1.3 x-gzip", []string{"x-gzip"}, gz, 0, "x-gzip", 1000},
		{"8.4.1 case", []string{"GZip"}, gz, 0, "GZip", 1000},
		{"malformed only, is empty", []string{"gzip;q=x"}, gz, 1, "", 1},
		{"5.3 two lines", []string{"br;q=0.1", "gzip"}, []string{"br", "gzip"}, 1, "gzip", 1000},
	})
}

func FuzzNegotiateEncoding(f *testing.F) {
	f.Add("gzip;q=1.0, identity; q=0.5, *;q=0")
	f.Add("x-gzip, br;q=0")
	fuzzNegotiation(f, NegotiateEncoding, []string{"br", "gzip", "identity"})
}

func BenchmarkNegotiateEncoding(b *testing.B) {
	lines, offers := []string{"gzip, deflate, br, zstd"}, []string{"br", "gzip", "identity"}
	b.ReportAllocs()
	for b.Loop() {
		NegotiateEncoding(lines, offers)
	}
}
