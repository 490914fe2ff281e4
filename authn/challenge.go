package authn

import "github.com/forthright-http/forthright/internal/httpfield"

// Challenge is one challenge of WWW-Authenticate or Proxy-Authenticate (RFC 9110
// §11.3): a scheme, and either a Token68 or Params or neither. An [Authenticator]
// writes its own; this is for answers that are yours, and for clients.
//
//	c := authn.Challenge{Scheme: "Bearer", Params: []authn.Param{{Name: "realm", Value: "orders"}}}
//	return problem.Unauthorized(c.String())
type Challenge struct {
	Scheme  string // a token; schemes are compared without regard to case
	Token68 string
	Params  []Param
}

// Param is a parameter of a challenge.
type Param struct {
	Name  string // a token
	Value string // without quotes
}

// Param returns the value of the parameter with this name, in any case (§11.2).
func (c Challenge) Param(name string) (value string, ok bool) {
	for _, p := range c.Params {
		if httpfield.EqualFold(p.Name, name) {
			return p.Value, true
		}
	}
	return "", false
}

// Format writes the challenge as the value of a field line, each parameter's value
// as a quoted-string. It returns an error for a scheme or a name that is no token,
// a name that occurs twice, a value with control characters, and a Token68 that is
// none or stands beside Params (§11.2, §11.3).
//
// Send each challenge on a line of its own, since not every client splits them
// (§11.6.1), and Bearer first, since many read the first alone.
func (c Challenge) Format() (string, error) {
	field := httpfield.Challenge{Scheme: c.Scheme, Token68: c.Token68}
	for _, p := range c.Params {
		field.Params = append(field.Params, httpfield.Param(p))
	}
	return field.Format()
}

// String is [Challenge.Format], and "" for a challenge that cannot be written. A
// problem with such a challenge becomes a 500, and the log says why.
func (c Challenge) String() string {
	s, _ := c.Format()
	return s
}

// ParseChallenges reads all lines of a WWW-Authenticate or Proxy-Authenticate field,
// as http.Header has them: several challenges in a line, several lines, or both
// (RFC 9110 §11.6.1). It returns an error, which quotes nothing of the field, where
// one of them is malformed, and where there is none.
//
//	challenges, err := authn.ParseChallenges(res.Header["Www-Authenticate"])
func ParseChallenges(lines []string) ([]Challenge, error) {
	parsed, err := httpfield.ParseChallenges(lines)
	if err != nil {
		return nil, err
	}
	list := make([]Challenge, len(parsed))
	for i, c := range parsed {
		list[i] = Challenge{Scheme: c.Scheme, Token68: c.Token68}
		for _, p := range c.Params {
			list[i].Params = append(list[i].Params, Param(p))
		}
	}
	return list, nil
}
