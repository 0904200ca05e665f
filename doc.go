// Package hallpass is the domain of a broker of short-lived session credentials: what a session key, a nonce, an
// application, an access rule, a transaction and a creation token are, and who may do what with them.
//
// A public client asks for a [Session] and gets a key that can do nothing. A trusted backend authorizes it by its nonce
// with a [Grant]: permissions, access [Rule]s, or both. From then on [Decide] says for each operation on each token
// whether it is allowed and how much of the data may be seen, until the session expires.
//
// What a session is for are [Token]s: sensitive data stored under an id that may be shown. [TokenBuilder] makes them,
// [Reach] says which of them a grant covers, and [Token.View] what a decision lets be seen.
//
// The package is pure: no HTTP, no SQL, no generated code, no clock and no randomness of its own. Time comes in as a
// value and chance as an io.Reader, so every decision can be tested by writing it down. Package store remembers, package
// handlers translates to and from HTTP, and cmd/hallpass wires the three.
package hallpass
