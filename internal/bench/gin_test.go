package bench

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"
	"github.com/go-playground/validator/v10"
)

type ginValidator struct{ v *validator.Validate }

func (g ginValidator) ValidateStruct(obj any) error { return g.v.Struct(obj) }
func (g ginValidator) Engine() any                  { return g.v }

// ginAPI is gin, without its logger, with the validator of the others (gin's
// settings are package variables).
func ginAPI() contender {
	gin.SetMode(gin.ReleaseMode)
	binding.Validator = ginValidator{jsonNames(newValidator())}
	binding.EnableDecoderDisallowUnknownFields = true
	g := gin.New()
	answer := func(c *gin.Context, p problemBody) {
		c.Header("Content-Type", problemType)
		c.Header("Cache-Control", "no-store")
		c.Header("X-Content-Type-Options", "nosniff")
		c.JSON(p.Status, p)
	}
	g.POST("/orders", func(c *gin.Context) {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBytes)
		var in NewOrder
		if err := c.ShouldBindJSON(&in); err != nil {
			answer(c, listErrors(err))
			return
		}
		c.Header("Location", orderURI)
		c.JSON(http.StatusCreated, created(in))
	})
	g.GET("/orders/none", func(c *gin.Context) {
		answer(c, problemBody{Type: "about:blank", Title: noOrderTitle, Status: http.StatusNotFound, Detail: noOrder})
	})
	g.GET("/books/bk_17", func(c *gin.Context) {
		c.JSON(http.StatusOK, book)
	})
	return contender{name: "gin", create: g, notFound: g, get: g}
}
