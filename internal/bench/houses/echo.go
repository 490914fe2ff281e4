package houses

import (
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

func echoHouse() House {
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	recover := middleware.RecoverWithConfig(middleware.RecoverConfig{LogErrorFunc: func(_ echo.Context, err error, _ []byte) error { return err }})
	e.GET("/items/:id", func(c echo.Context) error {
		if c.Param("id") != "1" {
			return echo.NewHTTPError(http.StatusNotFound, "no such item")
		}
		return c.JSON(http.StatusOK, item{1, "one"})
	})
	e.POST("/items", func(c echo.Context) error {
		var in item
		if err := c.Bind(&in); err != nil {
			return err
		}
		return c.JSON(http.StatusCreated, in)
	}, middleware.BodyLimit("1K"))
	e.GET("/basic", ok, middleware.BasicAuth(func(string, string, echo.Context) (bool, error) { return false, nil }))
	e.GET("/key", ok, middleware.KeyAuth(func(string, echo.Context) (bool, error) { return false, nil }))
	e.GET("/panic", func(echo.Context) error { panic("out") }, recover)
	e.GET("/error", func(echo.Context) error { return errors.New("out") })
	e.GET("/limited", ok, middleware.RateLimiter(refuse{}))
	e.POST("/csrf", ok, middleware.CSRF())
	e.GET("/none", func(c echo.Context) error { return c.NoContent(http.StatusNotFound) })
	e.GET("/gzip", func(c echo.Context) error { return c.String(http.StatusOK, long) }, middleware.Gzip())
	e.GET("/gzip-none", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }, middleware.Gzip())
	e.GET("/unauthorized", func(echo.Context) error { return echo.ErrUnauthorized })
	e.GET("/redirect", func(c echo.Context) error { return c.Redirect(http.StatusFound, "/items/1") })
	return House{Name: "echo", Module: "github.com/labstack/echo/v4", Handler: e, Asks: append(common("/items/1"),
		Ask{What: "404 of a handler", Method: "GET", Path: "/items/2"},
		Ask{What: "201", Method: "POST", Path: "/items", Body: `{"id":2}`, Header: []string{jsonType}},
		Ask{What: "Bind, no JSON", Method: "POST", Path: "/items", Body: `{`, Header: []string{jsonType}},
		Ask{What: "Bind, another media type", Method: "POST", Path: "/items", Body: `a`, Header: []string{"Content-Type: text/plain"}},
		Ask{What: "BodyLimit", Method: "POST", Path: "/items", Body: long, Header: []string{jsonType}},
		Ask{What: "BasicAuth", Method: "GET", Path: "/basic"},
		Ask{What: "KeyAuth without a key", Method: "GET", Path: "/key"},
		Ask{What: "KeyAuth with a wrong key", Method: "GET", Path: "/key", Header: []string{"Authorization: Bearer a"}},
		Ask{What: "ErrUnauthorized", Method: "GET", Path: "/unauthorized"},
		Ask{What: "Recover", Method: "GET", Path: "/panic"},
		Ask{What: "an error", Method: "GET", Path: "/error"},
		Ask{What: "RateLimiter", Method: "GET", Path: "/limited"},
		Ask{What: "CSRF without a token", Method: "POST", Path: "/csrf"},
		Ask{What: "CSRF with a wrong token", Method: "POST", Path: "/csrf", Header: []string{"X-Csrf-Token: a"}},
		Ask{What: "NoContent with 404", Method: "GET", Path: "/none"},
		Ask{What: "Gzip, not asked for", Method: "GET", Path: "/gzip"},
		Ask{What: "Gzip", Method: "GET", Path: "/gzip", Header: []string{"Accept-Encoding: gzip"}},
		Ask{What: "Gzip of a 204", Method: "GET", Path: "/gzip-none", Header: []string{"Accept-Encoding: gzip"}},
		Ask{What: "Redirect", Method: "GET", Path: "/redirect"},
	)}
}

func ok(c echo.Context) error { return c.String(http.StatusOK, "ok") }

// refuse is a limit that is always met.
type refuse struct{}

func (refuse) Allow(string) (bool, error) { return false, nil }
