package authntest

// Thumbprint is for the examples of RFC 7638 and RFC 9449.
var Thumbprint = thumbprint
