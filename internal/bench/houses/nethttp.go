package houses

import (
	"embed"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// netHTTP is a service as tutorials write it.
func netHTTP() House {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != "1" {
			http.Error(w, `{"error":"not found"}`, http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(item{1, "one"})
	})
	mux.HandleFunc("POST /items", func(w http.ResponseWriter, r *http.Request) {
		var in item
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(in)
	})
	mux.HandleFunc("DELETE /items/{id}", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("/private", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
	})
	mux.HandleFunc("/admin", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "Forbidden", http.StatusForbidden) })
	mux.HandleFunc("/gone", http.NotFound)
	mux.HandleFunc("/busy", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
	})
	mux.HandleFunc("/old", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/items/1", http.StatusMovedPermanently)
	})
	mux.HandleFunc("/post-only", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		}
	})
	mux.Handle("/slow", http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), time.Millisecond, ""))
	mux.Handle("POST /small", http.MaxBytesHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}), maxBytes))
	mux.Handle("POST /form", http.NewCrossOriginProtection().Handler(http.NotFoundHandler()))
	mux.HandleFunc("/tree/", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "tree") })
	mux.HandleFunc("/late", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Header().Set("Etag", `"v1"`)
		http.Error(w, "too late", http.StatusInternalServerError)
	})
	return House{Name: "net/http", Handler: mux, Asks: append(common("/items/1"),
		Ask{What: "http.Error with 404, JSON", Method: "GET", Path: "/items/2"},
		Ask{What: "201 as in tutorials", Method: "POST", Path: "/items", Body: `{"id":2}`, Header: []string{jsonType}},
		Ask{What: "400 by http.Error", Method: "POST", Path: "/items", Body: `{`, Header: []string{jsonType}},
		Ask{What: "DELETE answered 200", Method: "DELETE", Path: "/items/1"},
		Ask{What: "401 by http.Error", Method: "GET", Path: "/private"},
		Ask{What: "403 by http.Error", Method: "GET", Path: "/admin"},
		Ask{What: "http.NotFound", Method: "GET", Path: "/gone"},
		Ask{What: "429 by http.Error", Method: "GET", Path: "/busy"},
		Ask{What: "http.Redirect of POST with 301", Method: "POST", Path: "/old"},
		Ask{What: "405 by http.Error, as in tutorials", Method: "GET", Path: "/post-only"},
		Ask{What: "TimeoutHandler", Method: "GET", Path: "/slow"},
		Ask{What: "MaxBytesHandler, 400 by http.Error", Method: "POST", Path: "/small", Body: long},
		Ask{What: "CrossOriginProtection", Method: "POST", Path: "/form", Header: []string{"Sec-Fetch-Site: cross-site"}},
		Ask{What: "ServeMux adds a slash", Method: "GET", Path: "/tree"},
		Ask{What: "ServeMux cleans a path, POST", Method: "POST", Path: "//items"},
		Ask{What: "http.Error after Cache-Control", Method: "GET", Path: "/late"},
		Ask{What: "OPTIONS *", Raw: "OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n"},
		Ask{What: "no Host", Raw: "GET / HTTP/1.1\r\n\r\n"},
		Ask{What: "a header that is too large", Raw: "GET / HTTP/1.1\r\nHost: a.example\r\nX: " + strings.Repeat("a", 1<<21) + "\r\n\r\n"},
		Ask{What: "an Expect that is unknown", Raw: "GET / HTTP/1.1\r\nHost: a.example\r\nExpect: 200-ok\r\n\r\n"},
		Ask{What: "a transfer coding that is unknown", Raw: "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
	)}
}

// netHTTPFiles is ServeContent and FileServer.
func netHTTPFiles() House {
	modified := time.Date(2023, 6, 30, 23, 59, 59, 0, time.UTC)
	mux := http.NewServeMux()
	mux.Handle("/files/", http.StripPrefix("/files", http.FileServerFS(dated{sub(embedded, "files"), modified})))
	mux.HandleFunc("/content", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"v1"`)
		w.Header().Set("Cache-Control", "private, max-age=60")
		w.Header().Set("Vary", "Accept")
		http.ServeContent(w, r, "a.txt", modified, strings.NewReader("Hello World!"))
	})
	var asks []Ask
	for _, path := range []string{"/content", "/files/a.txt"} {
		for _, field := range []string{
			"", `If-None-Match: "v1"`, `If-None-Match: W/"v1"`, "If-Modified-Since: Fri, 30 Jun 2023 23:59:59 GMT", "Range: bytes=0-4", "Range: bytes=0-1,3-4", "Range: bytes=99-",
			"Range: bytes=b-a", "Range: lines=1-2", `If-Match: "v0"`, "If-Unmodified-Since: Fri, 30 Jun 2000 23:59:59 GMT",
		} {
			a := Ask{What: "GET, " + field, Method: "GET", Path: path}
			if field != "" {
				a.Header = []string{field}
			}
			asks = append(asks, a)
		}
		asks = append(asks,
			Ask{What: "GET, Range with If-Range", Method: "GET", Path: path, Header: []string{"Range: bytes=0-4", `If-Range: "v1"`}},
			Ask{What: "HEAD", Method: "HEAD", Path: path},
			Ask{What: "HEAD with Range", Method: "HEAD", Path: path, Header: []string{"Range: bytes=0-4"}},
			Ask{What: "PUT", Method: "PUT", Path: path, Body: "x"},
			Ask{What: "PUT with If-None-Match", Method: "PUT", Path: path, Body: "x", Header: []string{`If-None-Match: "v1"`}},
			Ask{What: "POST with Range", Method: "POST", Path: path, Body: "x", Header: []string{"Range: bytes=0-4"}},
			Ask{What: "OPTIONS", Method: "OPTIONS", Path: path},
		)
	}
	return House{Name: "net/http files", Handler: mux, Asks: append(asks,
		Ask{What: "a directory", Method: "GET", Path: "/files/e/"},
		Ask{What: "a directory without its slash", Method: "GET", Path: "/files/d"},
		Ask{What: "index.html", Method: "GET", Path: "/files/d/index.html"},
		Ask{What: "no such file", Method: "GET", Path: "/files/none"},
	)}
}

//go:embed files
var embedded embed.FS

func sub(f fs.FS, dir string) fs.FS {
	s, err := fs.Sub(f, dir)
	if err != nil {
		panic(err) // dir is a constant
	}
	return s
}

// dated is a file system whose files, as those of embed have none, have a time.
type dated struct {
	fs.FS
	time time.Time
}

func (d dated) Open(name string) (fs.File, error) {
	f, err := d.FS.Open(name)
	return datedFile{f, d.time}, err
}

type datedFile struct {
	fs.File
	time time.Time
}

func (f datedFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	return datedInfo{info, f.time}, err
}

func (f datedFile) Seek(offset int64, whence int) (int64, error) {
	return f.File.(io.Seeker).Seek(offset, whence)
}

func (f datedFile) ReadDir(n int) ([]fs.DirEntry, error) { return f.File.(fs.ReadDirFile).ReadDir(n) }

type datedInfo struct {
	fs.FileInfo
	time time.Time
}

func (i datedInfo) ModTime() time.Time { return i.time }
