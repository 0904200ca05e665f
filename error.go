package hallpass

import "maps"

// Kind says what sort of refusal an [Error] is. Only the HTTP layer knows which status a kind becomes.
type Kind uint8

// The kinds of error. The zero value is KindInternal: an error nobody classified says nothing to the caller.
const (
	KindInternal        Kind = iota // our fault; the cause is logged and never shown
	KindInvalid                     // the request is malformed or breaks a rule; Fields says where
	KindUnauthenticated             // no credential, or one that is unknown, expired or revoked
	KindForbidden                   // a living credential that may not do this
	KindNotFound                    // nothing of that name in the caller's tenant
	KindNoRoute                     // no operation at this path
	KindMethod                      // the path exists, the method does not
	KindConflict                    // the state of the thing refuses: a spent nonce, a taken id, a request still running
	KindTooLarge                    // the body exceeds the operation's limit
	KindMediaType                   // the body's content type is not one the operation reads
	KindUnprocessable               // well formed, but a limit of the resource stands against it
	KindTimeout                     // the body did not arrive in time
	KindTooMany                     // the caller exceeded its rate
)

// Error is the one error type that crosses package borders. Its message and fields are written for the caller and
// never hold a value that the caller sent; the cause is for the log alone.
type Error struct {
	Kind   Kind
	Detail string              // one sentence for the caller
	Fields map[string][]string // member path (rules[0].priority) to what is wrong with it
	Cause  error               // what happened underneath; logged, never shown
}

// Error returns the sentence for the caller, or the cause's text when there is none.
func (e *Error) Error() string {
	switch {
	case e.Detail != "" && e.Cause != nil:
		return e.Detail + ": " + e.Cause.Error()
	case e.Cause != nil:
		return e.Cause.Error()
	default:
		return e.Detail
	}
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Refuse returns an error of the given kind with one sentence for the caller.
func Refuse(kind Kind, detail string) *Error { return &Error{Kind: kind, Detail: detail} }

// ErrNotFound says that the caller's tenant has nothing of that name.
var ErrNotFound = Refuse(KindNotFound, "Request entity was not found")

// Invalid returns a KindInvalid error about one member.
func Invalid(field, problem string) *Error {
	return &Error{Kind: KindInvalid, Detail: DetailInvalid, Fields: map[string][]string{field: {problem}}}
}

// DetailInvalid is the sentence that goes with every refusal that names members.
const DetailInvalid = "The inputs supplied to the API are invalid"

// Fields collects what is wrong with a request, member by member. The zero value is ready to use.
type Fields struct{ problems map[string][]string }

// Add notes one problem with the member at path.
func (f *Fields) Add(path, problem string) {
	if f.problems == nil {
		f.problems = map[string][]string{}
	}
	f.problems[path] = append(f.problems[path], problem)
}

// Err returns a KindInvalid error with everything noted, or nil when nothing was.
func (f *Fields) Err() error {
	if len(f.problems) == 0 {
		return nil
	}
	return &Error{Kind: KindInvalid, Detail: DetailInvalid, Fields: maps.Clone(f.problems)}
}
