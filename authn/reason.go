package authn

// Reason says why a request was refused: a stable code for logs, metrics and
// tests. It is finer than what the client is told: an unknown user and a wrong
// password are two reasons and one answer.
type Reason string

// The reasons. Each row of [Types] lists the ones that share its answer.
const (
	// Accepted is the reason of an [Event] for a request that was let in.
	Accepted Reason = "accepted"

	CredentialsMissing     Reason = "credentials_missing"      // no credentials of any scheme, or an empty field
	SchemeUnknown          Reason = "scheme_unknown"           // Authorization has a scheme that is not taken here
	AuthorizationMalformed Reason = "authorization_malformed"  // Authorization does not begin with a scheme
	TokenInQuery           Reason = "token_in_query"           // a token in the query alone, where none is taken
	TokenFieldMalformed    Reason = "token_field_malformed"    // "Bearer" alone, or with what is no b64token
	AuthorizationRepeated  Reason = "authorization_repeated"   // more than one Authorization line
	TokenSentTwice         Reason = "token_sent_twice"         // a token in the header and one in the query
	BasicMalformed         Reason = "basic_malformed"          // not base64, no colon, or a control character
	UserUnknown            Reason = "user_unknown"             //
	PasswordWrong          Reason = "password_wrong"           //
	UserRevoked            Reason = "user_revoked"             // by Options.Revoked; the password was right
	APIKeyMalformed        Reason = "api_key_malformed"        // empty, too short or too long, without APIKey.Prefix, or sent twice
	APIKeyUnknown          Reason = "api_key_unknown"          //
	APIKeyRevoked          Reason = "api_key_revoked"          // or expired; by its store, or by Options.Revoked
	TokenTooLong           Reason = "token_too_long"           // beyond Options.MaxToken
	TokenMalformed         Reason = "token_malformed"          // its segments, base64 or JSON; a member twice
	AlgorithmNotAllowed    Reason = "algorithm_not_allowed"    // "none", or none of JWT.Algorithms
	KeyMismatch            Reason = "key_mismatch"             // the key is not one for the algorithm
	CritUnknown            Reason = "crit_unknown"             // the header demands what nobody here understands
	TypeWrong              Reason = "type_wrong"               // typ is none of JWT.Types
	UnknownKid             Reason = "unknown_kid"              // the key set was had, and has no such key
	SignatureWrong         Reason = "signature_wrong"          //
	TokenExpired           Reason = "token_expired"            //
	TokenRevoked           Reason = "token_revoked"            // by Options.Revoked: of tokens alone
	TokenNotYetValid       Reason = "token_not_yet_valid"      // before its nbf
	IssuerWrong            Reason = "issuer_wrong"             //
	AudienceWrong          Reason = "audience_wrong"           //
	ExpiryMissing          Reason = "expiry_missing"           // no exp
	ClaimsWrong            Reason = "claims_wrong"             // they do not decode into the claims' type, are refused by it, or name nobody
	TokenInactive          Reason = "token_inactive"           // introspection says so
	ConfirmationUnknown    Reason = "confirmation_unknown"     // bound (cnf) by a method that is not known here
	BindingMissing         Reason = "binding_missing"          // not bound, where the route or the scheme demands it
	BoundToKey             Reason = "bound_to_key"             // bound to a DPoP key, and sent as Bearer
	CertificateMissing     Reason = "certificate_missing"      // bound to a certificate, and none came
	CertificateMismatch    Reason = "certificate_mismatch"     // bound to another certificate
	ProofKeyMismatch       Reason = "proof_key_mismatch"       // the proof is by another key than the token's
	ProofMissing           Reason = "proof_missing"            // no DPoP field, or several
	ProofMalformed         Reason = "proof_malformed"          // its typ, alg, jwk or claims
	ProofSignatureWrong    Reason = "proof_signature_wrong"    //
	ProofMethodMismatch    Reason = "proof_method_mismatch"    // htm is another method
	ProofURLMismatch       Reason = "proof_url_mismatch"       // htu is another URL
	ProofTokenMismatch     Reason = "proof_token_mismatch"     // ath is another token's
	ProofStale             Reason = "proof_stale"              // iat is outside the window
	ProofReplayed          Reason = "proof_replayed"           // its jti was seen
	NonceMissing           Reason = "nonce_missing"            // no DPoP nonce where one is demanded
	NonceStale             Reason = "nonce_stale"              // the nonce is too old, or not ours
	CustomRefused          Reason = "custom_refused"           // a Custom scheme refused the credentials, or Options.Revoked
	ScopeMissing           Reason = "scope_missing"            //
	AccessDenied           Reason = "access_denied"            // a predicate of Require said no
	LoginTooOld            Reason = "login_too_old"            // auth_time is further back than MaxAge
	ACRTooLow              Reason = "acr_too_low"              // acr is none that ACR names
	KeysUnavailable        Reason = "keys_unavailable"         // no usable key, and the source is down
	IntrospectionDown      Reason = "introspection_down"       //
	UsersUnavailable       Reason = "users_unavailable"        // the user store failed, or has no room
	APIKeysUnavailable     Reason = "api_keys_unavailable"     //
	RevocationsUnavailable Reason = "revocations_unavailable"  //
	ReplayStoreUnavailable Reason = "replay_store_unavailable" //
	CustomUnavailable      Reason = "custom_unavailable"       // a Custom scheme could not decide, or named nobody
)

// Error codes of OAuth (RFC 6750 §3.1, RFC 9449 §7.1 and §9, RFC 9470 §3).
const (
	invalidRequest    = "invalid_request"
	invalidToken      = "invalid_token"
	insufficientScope = "insufficient_scope"
	insufficientUser  = "insufficient_user_authentication"
	invalidDPoPProof  = "invalid_dpop_proof"
	useDPoPNonce      = "use_dpop_nonce"
	noError           = ""
)
