package authn

import (
	"net/http"

	"github.com/forthright-http/forthright/problem"
)

// answer is a row of the decision table: what the client is told, and for which
// reasons.
type answer struct {
	typ  *problem.Type
	code string // the OAuth error code on the challenge of the scheme that was used
	// says is the problem's detail and, where there is a code, the challenge's
	// error_description: a fixed text without quotes and backslashes.
	says    string
	reasons []Reason
}

func row(name string, status int, title, code, says, doc string, reasons ...Reason) answer {
	return rowOf(problem.NewType(name, status, title, problem.Doc(doc)), code, says, reasons...)
}

func rowOf(typ *problem.Type, code, says string, reasons ...Reason) answer {
	return answer{typ, code, says, reasons}
}

// answers is the decision table.
var answers = []answer{
	row("authentication-required", http.StatusUnauthorized, "Authentication is required", noError,
		"Send the request with credentials of one of the schemes that WWW-Authenticate lists.",
		"The request has no credentials, and the resource is not open to all (RFC 9110 §15.5.2). WWW-Authenticate lists the schemes that are taken.",
		CredentialsMissing),
	row("unsupported-authentication-scheme", http.StatusUnauthorized, "The authentication scheme is not taken here", noError,
		"The scheme in Authorization is not one of those that WWW-Authenticate lists.",
		"Authorization names a scheme that this resource does not take, or none at all (RFC 9110 §11.6.2). WWW-Authenticate lists the schemes that are taken.",
		SchemeUnknown, AuthorizationMalformed),
	row("token-in-query", http.StatusUnauthorized, "A token in the query is not taken", noError,
		"Send the token in the Authorization field.",
		"The request has a token in its query and no credentials in its header. URLs end up in logs and histories, so a token in a query is not taken (RFC 9700 §4.3.2). Consider it leaked.",
		TokenInQuery),
	row("malformed-credentials", http.StatusBadRequest, "The credentials are malformed", invalidRequest,
		"The scheme must be followed by one token, of the characters that RFC 6750 allows.",
		"Authorization does not have the syntax of its scheme (RFC 6750 §2.1): there is no token, or several, or it has characters that no token has.",
		TokenFieldMalformed),
	row("repeated-authorization", http.StatusBadRequest, "There is more than one Authorization field", invalidRequest,
		"Authorization must be sent once.",
		"The request has several Authorization fields. It may have one (RFC 9110 §5.3 and §11.6.2).",
		AuthorizationRepeated),
	row("token-sent-twice", http.StatusBadRequest, "There is a token in two places", invalidRequest,
		"A token must be sent by one method alone: the Authorization field.",
		"The request has a token in Authorization and another in its query. A request uses one method alone (RFC 6750 §2).",
		TokenSentTwice),
	row("invalid-credentials", http.StatusUnauthorized, "The credentials are not valid", noError,
		"The user name or the password is wrong.",
		"The user name and password could not be read (RFC 7617 §2), no such user is known, the password is another, or the user may not come in any more. The answer is the same for all of them.",
		BasicMalformed, UserUnknown, PasswordWrong, UserRevoked),
	row("invalid-api-key", http.StatusUnauthorized, "The API key is not valid", noError,
		"The API key is not one that is valid here.",
		"The API key is malformed, unknown or revoked. The answer is the same for all three.",
		APIKeyMalformed, APIKeyUnknown, APIKeyRevoked),
	row("invalid-custom-credentials", http.StatusUnauthorized, "The credentials do not hold", noError,
		"The credentials were refused.",
		"The credentials were read and do not hold.",
		CustomRefused),
	row("malformed-token", http.StatusUnauthorized, "The token is malformed", invalidToken,
		"The token is not well-formed.",
		"The token is too long, does not have the segments, the base64url or the JSON that it must have (RFC 7515 §7.1), or has a member twice or in other letters.",
		TokenMalformed, TokenTooLong),
	row("token-algorithm", http.StatusUnauthorized, "The token's algorithm is not taken here", invalidToken,
		"The token is not signed by an algorithm that is taken here.",
		"The algorithm of the token's header is none of those that are allowed here, or does not fit the key that it names (RFC 8725 §3.1 and §3.2).",
		AlgorithmNotAllowed, KeyMismatch),
	row("token-critical-header", http.StatusUnauthorized, "The token demands an extension that is not known here", invalidToken,
		"The token has a critical header parameter that is not known here.",
		"The token's header has \"crit\", and what it lists is not understood here (RFC 7515 §4.1.11).",
		CritUnknown),
	row("token-type", http.StatusUnauthorized, "The token is not an access token", invalidToken,
		"The type of the token is not one that is taken here.",
		"The \"typ\" of the token's header is none of those that are taken here: at+jwt is that of an access token (RFC 9068 §4). A token made for another purpose, such as an ID token or a refresh token, is refused.",
		TypeWrong),
	row("unknown-key", http.StatusUnauthorized, "The token's key is not known", invalidToken,
		"The token is signed by a key that its issuer does not publish.",
		"The key that the token's header names is not in the issuer's key set: it was taken out, or never was there.",
		UnknownKid),
	row("token-signature", http.StatusUnauthorized, "The token's signature is wrong", invalidToken,
		"The signature of the token does not hold.",
		"The signature was not made by the key that the token's header names, or the token was changed.",
		SignatureWrong),
	row("token-expired", http.StatusUnauthorized, "The token has expired", invalidToken,
		"The token has expired.",
		"The time in the token's \"exp\" has come (RFC 7519 §4.1.4). Get a new token.",
		TokenExpired),
	row("token-revoked", http.StatusUnauthorized, "The token was revoked", invalidToken,
		"The token was revoked.",
		"The token was taken back before its time.",
		TokenRevoked),
	row("token-not-yet-valid", http.StatusUnauthorized, "The token is not valid yet", invalidToken,
		"The token is not valid yet.",
		"The time in the token's \"nbf\" has not come (RFC 7519 §4.1.5).",
		TokenNotYetValid),
	row("token-issuer", http.StatusUnauthorized, "The token's issuer is not trusted here", invalidToken,
		"The token is not by an issuer that is trusted here.",
		"The token's \"iss\" is missing, or none of the issuers that are trusted here (RFC 8725 §3.8).",
		IssuerWrong),
	row("token-audience", http.StatusUnauthorized, "The token is not meant for this service", invalidToken,
		"The token was issued for another audience.",
		"The token's \"aud\" is missing, or does not name this service (RFC 8725 §3.9).",
		AudienceWrong),
	row("token-without-expiry", http.StatusUnauthorized, "The token never expires", invalidToken,
		"The token has no time of expiry.",
		"The token has no \"exp\". One that never expires is not taken (RFC 9068 §2.2).",
		ExpiryMissing),
	row("token-claims", http.StatusUnauthorized, "The token's claims are not what they must be", invalidToken,
		"The claims of the token are not what they must be here.",
		"The token lacks a claim that this service needs, or has one of another type.",
		ClaimsWrong),
	row("token-inactive", http.StatusUnauthorized, "The token is not active", invalidToken,
		"The token is not active.",
		"The authorization server says that the token is not active: it is unknown, expired or revoked (RFC 7662 §2.2).",
		TokenInactive),
	row("token-confirmation", http.StatusUnauthorized, "The token is bound in a way that is not known here", invalidToken,
		"The token is bound by a method that is not taken here.",
		"The token is bound (\"cnf\", RFC 7800) by a method that this service cannot confirm.",
		ConfirmationUnknown),
	row("token-not-bound", http.StatusUnauthorized, "The token is not bound", invalidToken,
		"The token is not bound to a key or a certificate, as is needed here.",
		"The DPoP scheme is for tokens that are bound to a key (\"cnf\" with \"jkt\", RFC 9449 §6), and this service may demand of all tokens that they are bound to a key or to a certificate (RFC 8705 §3). Ask the authorization server for such a token.",
		BindingMissing),
	row("token-bound-to-key", http.StatusUnauthorized, "The token is bound to a key", invalidToken,
		"The token is bound to a key, and must be sent with a proof of it, by the DPoP scheme.",
		"The token is bound to a DPoP key (RFC 9449 §7.2) and was sent as a bearer token.",
		BoundToKey),
	row("token-key-binding", http.StatusUnauthorized, "The proof is by another key than the token's", invalidToken,
		"The token is bound to another key than the one of the proof.",
		"The key that signed the DPoP proof is not the one that the token is bound to (RFC 9449 §7.1).",
		ProofKeyMismatch),
	row("token-bound-to-certificate", http.StatusUnauthorized, "The token is bound to a certificate", invalidToken,
		"The token is bound to another client certificate than the one of this connection.",
		"The token is bound to a client certificate (RFC 8705 §3), and the connection has another or none.",
		CertificateMissing, CertificateMismatch),
	row("invalid-dpop-proof", http.StatusUnauthorized, "The DPoP proof is not valid", invalidDPoPProof,
		"The DPoP proof is missing, or does not hold for this request.",
		"There must be one DPoP field with a proof that is well-formed, signed by the key in it, fresh, not used before, and made for this method, URL and token (RFC 9449 §4.3).",
		ProofMissing, ProofMalformed, ProofSignatureWrong, ProofMethodMismatch, ProofURLMismatch, ProofTokenMismatch, ProofStale, ProofReplayed),
	row("dpop-nonce-required", http.StatusUnauthorized, "The DPoP proof needs a nonce", useDPoPNonce,
		"The DPoP proof must have the nonce of the DPoP-Nonce field.",
		"The proof has no nonce of this service, or one that is too old. Send the request again with a proof that has the nonce from DPoP-Nonce (RFC 9449 §9).",
		NonceMissing, NonceStale),
	rowOf(problem.NewType("insufficient-scope", http.StatusForbidden, "The scope does not suffice",
		problem.Doc("The credentials hold, and do not have the scope that the request needs (RFC 6750 §3.1)."),
		problem.Member("scope", "What is needed: scopes with spaces between.")),
		insufficientScope,
		"The request needs a scope that the credentials do not have.",
		ScopeMissing),
	row("access-denied", http.StatusForbidden, "Access is denied", noError,
		"These credentials do not give the right to do this.",
		"Who asks is known, and may not do this (RFC 9110 §15.5.4). Other credentials may.",
		AccessDenied),
	rowOf(problem.NewType("insufficient-user-authentication", http.StatusUnauthorized, "The authentication does not suffice",
		problem.Doc("The user authenticated too long ago, or not strongly enough, for this request (RFC 9470 §3)."),
		problem.Member("max_age", "How many seconds ago the user may have authenticated. It is absent where that does not matter."),
		problem.Member("acr_values", "An array of the ways to authenticate of which one is needed, the preferred one first. It is absent where any will do."),
		problem.Member("scope", "The scopes that are needed, with spaces between, where the credentials lack one of them as well.")),
		insufficientUser,
		"The request needs a more recent or a stronger authentication of the user.",
		LoginTooOld, ACRTooLow),
	row("authentication-unavailable", http.StatusServiceUnavailable, "Authentication is not possible at the moment", noError,
		"Credentials cannot be checked at the moment. Send the same request again later.",
		"What this service needs to check credentials (the issuer's keys, its user store) is out of reach. The credentials may be good; Retry-After says when to try again.",
		KeysUnavailable, IntrospectionDown, UsersUnavailable, APIKeysUnavailable, RevocationsUnavailable, ReplayStoreUnavailable, CustomUnavailable),
}

// answerOf finds the row of a reason.
var answerOf = func() map[Reason]*answer {
	m := map[Reason]*answer{}
	for i := range answers {
		for _, r := range answers[i].reasons {
			m[r] = &answers[i]
		}
	}
	return m
}()

// Types returns the problem types of all answers of this package, for
// [problem.Catalog] and for [problem.FromResponse].
func Types() []*problem.Type {
	types := make([]*problem.Type, len(answers))
	for i, a := range answers {
		types[i] = a.typ
	}
	return types
}
