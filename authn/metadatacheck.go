package authn

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/internal/jsonx"
)

// check reports what a client could not use, or RFC 9728 forbids.
func (m *Metadata) check() error {
	if err := m.checkIdentifier(m.Resource, "#"); err != nil {
		return fmt.Errorf("Resource %w", err)
	}
	for _, issuer := range m.AuthorizationServers {
		if err := m.checkIdentifier(issuer, "?#"); err != nil {
			return fmt.Errorf("an authorization server %w", err)
		}
	}
	if m.JWKSURI != "" {
		if err := m.checkIdentifier(m.JWKSURI, ""); err != nil {
			return fmt.Errorf("JWKSURI %w", err)
		}
	}
	for _, page := range [...]string{m.Documentation, m.Policy, m.Terms} {
		if page != "" && !isPage(page) {
			return errors.New("Documentation, Policy or Terms is not the URL of a page")
		}
	}
	if len(m.Scopes) > 0 {
		if err := checkScopes(m.Scopes); err != nil {
			return err
		}
	}
	for _, method := range m.BearerMethods {
		if method != "header" && method != "body" {
			return fmt.Errorf("the bearer method %q is neither header nor body", method)
		}
	}
	for _, name := range slices.Concat(m.SigningAlgorithms, m.DPoPAlgorithms) {
		if name == "" || strings.EqualFold(name, "none") {
			return errors.New("an algorithm is empty or none")
		}
	}
	if slices.Contains(m.AuthorizationDetails, "") {
		return errors.New("a type of authorization details is empty")
	}
	if m.Signed != "" {
		if err := checkSigned(m.Signed); err != nil {
			return err
		}
	}
	return m.checkMore()
}

// checkSigned: a signed JWT that names who vouches for it (§2.2). Whether the
// signature holds is for those who trust that party.
func checkSigned(raw string) error {
	t, err := parseJWT(raw)
	if err != nil || t.claims.Issuer == "" || len(t.signature) == 0 || strings.EqualFold(t.header.Algorithm, "none") {
		return errors.New("Signed is not a signed JWT with an issuer")
	}
	return nil
}

func (m *Metadata) checkMore() error {
	for name, value := range m.More {
		base, language, tagged := strings.Cut(name, "#")
		registered := slices.ContainsFunc(reflect.VisibleFields(reflect.TypeFor[Metadata]()), func(f reflect.StructField) bool {
			member, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			return base == member
		})
		human := base == "resource_name" || base == "resource_documentation" || base == "resource_policy_uri" || base == "resource_tos_uri"
		text, isText := value.(string)
		switch {
		case base == "" || tagged && !isLanguage(language):
			return fmt.Errorf("More: %q is no member's name, with or without a language", name)
		case registered && !tagged:
			return fmt.Errorf("More: %s has a field of its own", name)
		case registered && !human:
			return fmt.Errorf("More: %s is not for persons and has no languages", base)
		case registered && !isText, registered && base != "resource_name" && !isPage(text):
			return fmt.Errorf("More: %s has a value that it cannot have", name)
		}
		var b bytes.Buffer
		if err := jsonx.Encode(&b, value); err != nil {
			return fmt.Errorf("More: %s: %w", name, err)
		}
		switch strings.TrimSpace(b.String()) {
		case "null", "[]", `""`:
			return fmt.Errorf("More: %s has no value (RFC 9728 §3.2)", name)
		}
	}
	return nil
}

// isLanguage: the shape of a language tag (BCP 47).
func isLanguage(tag string) bool {
	for part := range strings.SplitSeq(tag, "-") {
		if part == "" || len(part) > 8 {
			return false
		}
		for i := range len(part) {
			if c := part[i] | 0x20; (c < 'a' || c > 'z') && (part[i] < '0' || part[i] > '9') {
				return false
			}
		}
	}
	return true
}

// isPage: an absolute URL that a browser opens.
func isPage(s string) bool {
	u, err := url.Parse(s)
	return err == nil && httpfield.IsURI(s) && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != ""
}

// checkIdentifier: a resource or an issuer is an https URL (RFC 9728 §1.2, RFC 8414
// §2) without what the parts behind these delimiters hold.
func (m *Metadata) checkIdentifier(s, without string) error {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return errors.New("is empty")
	case err != nil || !isPage(s):
		return errors.New("is not an absolute URL")
	case u.User != nil:
		return errors.New("has a user in it")
	case u.Scheme != "https" && !isLoopbackHost(u.Hostname()) && !m.InsecureHTTP:
		return errors.New("is not https")
	case strings.ContainsAny(s, without):
		return fmt.Errorf("has one of the characters %q", without)
	}
	return nil
}
