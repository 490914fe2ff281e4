package bench

import (
	"net/http"

	"github.com/go-playground/validator/v10"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

type echoValidator struct{ v *validator.Validate }

func (e echoValidator) Validate(i any) error { return e.v.Struct(i) }

// echoAPI is echo with its own binder, which lets unknown members pass.
func echoAPI() contender {
	e := echo.New()
	e.Validator = echoValidator{jsonNames(newValidator())}
	e.Use(middleware.BodyLimit("64K"))
	answer := func(c echo.Context, p problemBody) error {
		h := c.Response().Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Type", problemType)
		c.Response().WriteHeader(p.Status)
		return c.Echo().JSONSerializer.Serialize(c, p, "")
	}
	e.POST("/orders", func(c echo.Context) error {
		var in NewOrder
		if err := c.Bind(&in); err != nil {
			return err
		}
		if err := c.Validate(&in); err != nil {
			return answer(c, listErrors(err))
		}
		c.Response().Header().Set("Location", orderURI)
		return c.JSON(http.StatusCreated, created(in))
	})
	e.GET("/orders/none", func(c echo.Context) error {
		return answer(c, problemBody{Type: "about:blank", Title: noOrderTitle, Status: http.StatusNotFound, Detail: noOrder})
	})
	e.GET("/books/bk_17", func(c echo.Context) error {
		return c.JSON(http.StatusOK, book)
	})
	return contender{name: "echo", create: e, notFound: e, get: e}
}
