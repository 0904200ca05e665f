// Package expression evaluates the Liquid expressions that clients write into token ids (aliases), masks, search
// indexes, fingerprint expressions and detokenize requests.
//
// An expression is a value and the filters it runs through, between double braces:
//
//	{{ data.number | reveal_last: 4 }}
//
// A string that is exactly one expression keeps the JSON type of its value: a number stays a number with all its
// digits, null stays null, an object stays an object. A string with anything around its expressions becomes text, in
// which null is nothing and objects and arrays are JSON. What is substituted is never read as an expression again.
//
// The language is Liquid's output syntax with the standard filters and the vendor's own. Tags ({% … %}), hence loops and
// assignments, operators and ranges are refused; so is a {{ without its }}. The package neither reads a clock nor does
// I/O, and what chance it needs comes through the reader given to [New].
//
// Detokenize expressions look alike but name tokens: {{ id | filters }} is the data of a token, {{ token: id | filters }}
// the token itself. Ids are nearly arbitrary text and no Liquid names, so they are read apart: first
// [Engine.References] lists them, so that the caller can load and authorize the tokens in one go, then
// [Engine.Substitute] puts the values in.
//
// Clients write the expressions, so everything is bounded by the constants below, without timers: every filter pays for
// its work out of a budget before it does it. Refusals are [hallpass.Error] values of kind invalid that name filters and
// arguments, never values.
//
// Source: developers.basistheory.com, docs/expressions (index, filters, aliasing, masks, search-indexes, fingerprints,
// detokenization).
package expression

const (
	// MaxExpression is the longest expression in bytes, between its braces.
	MaxExpression = 4 << 10
	// MaxExpressions is how many expressions one tree may hold.
	MaxExpressions = 256
	// MaxDepth is how deep objects and arrays may nest in a tree of expressions.
	MaxDepth = 64
	// MaxOutput bounds in bytes every text that a filter makes, and the whole result of Evaluate and EvaluateTree.
	MaxOutput = 1 << 20
	// MaxSubstituted bounds in bytes the whole result of Substitute, which may hold several tokens of MaxOutput.
	MaxSubstituted = 8 << 20
	// MaxItems is how many items a list may have that a filter makes out of text.
	MaxItems = 64 << 10
	// MaxWork bounds the work of one evaluation, roughly in bytes looked at: half a second at the very worst.
	MaxWork = 32 << 20
)

const (
	maxDataDepth   = 1000 // nesting of data that is written as JSON
	cachedPrograms = 1024 // parsed expressions and paths that are kept
	cacheable      = 256  // bytes of the longest text worth keeping, so that the cache stays in the low megabytes
)
