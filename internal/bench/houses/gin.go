package houses

import (
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
)

func ginHouse() House {
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	g.Use(gin.RecoveryWithWriter(io.Discard))
	g.HandleMethodNotAllowed = true // which is off by default: then it is a 404
	good := func(c *gin.Context) { c.String(http.StatusOK, "ok") }
	g.GET("/items/:id", func(c *gin.Context) {
		if c.Param("id") != "1" {
			c.JSON(http.StatusNotFound, gin.H{"error": "no such item"})
			return
		}
		c.JSON(http.StatusOK, item{1, "one"})
	})
	g.POST("/items", func(c *gin.Context) {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBytes)
		var in item
		if err := c.BindJSON(&in); err != nil {
			return // it has answered
		}
		c.JSON(http.StatusCreated, in)
	})
	g.POST("/should", func(c *gin.Context) {
		var in item
		if err := c.ShouldBindJSON(&in); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
		}
	})
	g.GET("/basic", gin.BasicAuth(gin.Accounts{"a": "b"}), good)
	g.GET("/proxy", gin.BasicAuthForProxy(gin.Accounts{"a": "b"}, ""), good)
	g.GET("/unauthorized", func(c *gin.Context) { c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"error": "unauthorized"}) })
	g.GET("/abort", func(c *gin.Context) { c.AbortWithStatus(http.StatusForbidden) })
	g.GET("/panic", func(*gin.Context) { panic("out") })
	g.GET("/negotiate", func(c *gin.Context) {
		c.Negotiate(http.StatusOK, gin.Negotiate{Offered: []string{gin.MIMEJSON, gin.MIMEXML}, Data: item{1, "one"}})
	})
	g.GET("/redirect", func(c *gin.Context) { c.Redirect(http.StatusFound, "/items/1") })
	return House{Name: "gin", Module: "github.com/gin-gonic/gin", Handler: g, Asks: append(common("/items/1"),
		Ask{What: "404 of a handler", Method: "GET", Path: "/items/2"},
		Ask{What: "201", Method: "POST", Path: "/items", Body: `{"id":2,"name":"b"}`, Header: []string{jsonType}},
		Ask{What: "BindJSON, no JSON", Method: "POST", Path: "/items", Body: `{`, Header: []string{jsonType}},
		Ask{What: "BindJSON, a rule", Method: "POST", Path: "/items", Body: `{}`, Header: []string{jsonType}},
		Ask{What: "BindJSON of MaxBytesReader", Method: "POST", Path: "/items", Body: long, Header: []string{jsonType}},
		Ask{What: "ShouldBindJSON", Method: "POST", Path: "/should", Body: `{}`, Header: []string{jsonType}},
		Ask{What: "BasicAuth", Method: "GET", Path: "/basic"},
		Ask{What: "BasicAuthForProxy", Method: "GET", Path: "/proxy"},
		Ask{What: "401 of a handler, as in tutorials", Method: "GET", Path: "/unauthorized"},
		Ask{What: "AbortWithStatus 403", Method: "GET", Path: "/abort"},
		Ask{What: "Recovery", Method: "GET", Path: "/panic"},
		Ask{What: "Negotiate, no Accept", Method: "GET", Path: "/negotiate"},
		Ask{What: "Negotiate", Method: "GET", Path: "/negotiate", Header: []string{"Accept: application/xml"}},
		Ask{What: "Negotiate, nothing fits", Method: "GET", Path: "/negotiate", Header: []string{"Accept: image/png"}},
		Ask{What: "a slash too many", Method: "GET", Path: "/items/1/"},
		Ask{What: "a slash too many, POST", Method: "POST", Path: "/items/", Body: "{}", Header: []string{jsonType}},
	)}
}
