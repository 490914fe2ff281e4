package conform

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// ReadHAR reads a HAR file (HTTP Archive 1.2), as browsers and proxies save
// it, up to [MaxCapture]. The exchanges are the file's entries, in its order;
// one that has no answer over HTTP, as a data: URL or a request that was
// blocked, is there without a Response.
//
// A HAR file has the content without its coding, and often has none. What is
// missing, or is not of the length that the file tells, is Truncated; where it
// had a coding, Response.Uncompressed is set. Content of an answer to HEAD and of a 204 or
// 304 comes from the browser's cache, and is left out.
func ReadHAR(r io.Reader) ([]Exchange, error) {
	b, err := readCapture(r, MaxCapture)
	if err != nil {
		return nil, err
	}
	return parseHAR(b)
}

type harFile struct {
	Log *struct {
		Entries *[]json.RawMessage `json:"entries"`
	} `json:"log"`
}

type harEntry struct {
	Request  *harRequest  `json:"request"`
	Response *harResponse `json:"response"`
}

type harRequest struct {
	Method      string      `json:"method"`
	URL         string      `json:"url"`
	HTTPVersion string      `json:"httpVersion"`
	Headers     []harHeader `json:"headers"`
	PostData    *struct {
		Text string `json:"text"`
	} `json:"postData"`
	BodySize float64 `json:"bodySize"`
}

type harResponse struct {
	Status      float64     `json:"status"`
	HTTPVersion string      `json:"httpVersion"`
	Headers     []harHeader `json:"headers"`
	Content     *harContent `json:"content"`
	BodySize    float64     `json:"bodySize"`
}

type harContent struct {
	Size     float64 `json:"size"`
	Text     *string `json:"text"`
	Encoding string  `json:"encoding"`
}

type harHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func parseHAR(b []byte) ([]Exchange, error) {
	var file harFile
	if err := json.Unmarshal(bytes.TrimPrefix(b, []byte("\uFEFF")), &file); err != nil {
		return nil, fmt.Errorf("conform: the HAR file is not what it should be: %w", plainTypes(err))
	}
	if file.Log == nil || file.Log.Entries == nil {
		return nil, errors.New("conform: the HAR file has no log.entries")
	}
	all := make([]Exchange, len(*file.Log.Entries))
	for i, raw := range *file.Log.Entries {
		var entry harEntry
		err := json.Unmarshal(raw, &entry)
		if err == nil {
			all[i], err = entry.exchange()
		}
		if err != nil {
			return nil, fmt.Errorf("conform: entry %d of the HAR file: %w", i, plainTypes(err))
		}
	}
	return all, nil
}

// plainTypes says which member has the wrong type, without the types of Go.
func plainTypes(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	want := "an object"
	switch wrong.Type.Kind() {
	case reflect.String:
		want = "a string"
	case reflect.Float64:
		want = "a number"
	case reflect.Slice:
		want = "an array"
	}
	name := wrong.Field
	if name == "" {
		name = "it"
	}
	have, _, _ := strings.Cut(wrong.Value, " ") // "number 12"
	switch have {
	case "object", "array":
		have = "an " + have
	case "bool":
		have = "a boolean"
	default:
		have = "a " + have
	}
	return fmt.Errorf("%s is %s, and must be %s", name, have, want)
}

func (e *harEntry) exchange() (Exchange, error) {
	if e.Request == nil {
		return Exchange{}, errors.New("there is no request")
	}
	req, err := e.Request.request()
	if err != nil {
		return Exchange{}, err
	}
	x := Exchange{Request: req}
	switch req.URL.Scheme {
	case "http", "https", "ws", "wss":
	default:
		return x, nil
	}
	if e.Response == nil || e.Response.Status == 0 { // blocked, or given up
		return x, nil
	}
	x.Response, err = e.Response.response(req)
	if err != nil {
		return Exchange{}, err
	}
	x.Recorded = len(e.Response.Headers) == 0 // they were not captured
	return x, e.Response.body(&x)
}

func (r *harRequest) request() (*http.Request, error) {
	if !httpfield.IsToken(r.Method) {
		return nil, fmt.Errorf("request.method %q is no method", r.Method)
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, fmt.Errorf("request.url: %w", err)
	}
	if u.Scheme == "" {
		return nil, fmt.Errorf("request.url %q is no absolute URL", r.URL)
	}
	u.Fragment, u.RawFragment = "", "" // is never sent
	header, pseudo := harHeaders(r.Headers)
	req := &http.Request{Method: r.Method, URL: u, Host: u.Host, Header: header}
	req.Proto, req.ProtoMajor, req.ProtoMinor = harVersion(r.HTTPVersion, pseudo)
	if r.BodySize > 0 {
		req.ContentLength = int64(r.BodySize)
	}
	if r.PostData != nil && r.PostData.Text != "" {
		req.ContentLength = int64(len(r.PostData.Text))
		req.Body = io.NopCloser(strings.NewReader(r.PostData.Text))
	}
	return req, nil
}

func (r *harResponse) response(req *http.Request) (*http.Response, error) {
	status := int(r.Status)
	if float64(status) != r.Status || status < 0 || status > 9999 {
		return nil, fmt.Errorf("response.status %v is no status code", r.Status)
	}
	header, pseudo := harHeaders(r.Headers)
	res := &http.Response{StatusCode: status, Header: header, Request: req, ContentLength: -1}
	res.Proto, res.ProtoMajor, res.ProtoMinor = harVersion(r.HTTPVersion, pseudo)
	return res, nil
}

// body fills in the content.
func (r *harResponse) body(x *Exchange) error {
	seen := newExchange(*x)
	if !seen.mayHaveBody() {
		return nil
	}
	c := r.Content
	if c == nil || c.Text == nil || *c.Text == "" && c.Size != 0 {
		x.Truncated = c == nil || c.Size != 0 || r.BodySize != 0
		return nil
	}
	switch c.Encoding {
	case "":
		x.Body = []byte(*c.Text)
	case "base64":
		b, err := base64.StdEncoding.DecodeString(*c.Text)
		if err != nil {
			return fmt.Errorf("response.content.text: %w", err)
		}
		x.Body = b
	default:
		x.Truncated = true
		return nil
	}
	// A length that is another tells of a text that was cut, or came from
	// another charset, or lost its byte order mark.
	x.Truncated = c.Size != float64(len(x.Body))
	x.Response.Uncompressed = seen.coding() != ""
	return nil
}

// harHeaders leaves out the pseudo fields of HTTP/2, and takes apart lines
// that Chrome joins with a line feed.
func harHeaders(list []harHeader) (h http.Header, pseudo bool) {
	h = make(http.Header, len(list))
	for _, f := range list {
		if strings.HasPrefix(f.Name, ":") {
			pseudo = true
			continue
		}
		for v := range strings.SplitSeq(f.Value, "\n") {
			h.Add(f.Name, strings.TrimSuffix(v, "\r"))
		}
	}
	return h, pseudo
}

// harVersion knows the spellings of browsers: HTTP/1.1, http/2.0, h2, h3.
func harVersion(s string, pseudo bool) (proto string, major, minor int) {
	switch s = strings.ToUpper(s); {
	case s == "HTTP/1.0":
		return "HTTP/1.0", 1, 0
	case s == "H3" || strings.HasPrefix(s, "HTTP/3") || strings.HasPrefix(s, "H3-"):
		return "HTTP/3.0", 3, 0
	case s == "H2" || s == "H2C" || strings.HasPrefix(s, "HTTP/2") || pseudo && s != "HTTP/1.1":
		return "HTTP/2.0", 2, 0
	}
	return "HTTP/1.1", 1, 1
}
