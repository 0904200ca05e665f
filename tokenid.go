package hallpass

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const problemID = "must have 3 to 400 characters, none of them # / \\ + ? [ ] | & = % < > { } ^, and not be search"

// reservedID is what the path of another operation has in the place of an id.
const reservedID = "search"

// CheckTokenID refuses what cannot be the id of a token: fewer than 3 or more than 400 characters, one of those that the
// documentation forbids (developers.basistheory.com, Expressions > Aliasing), a control character, or the name of another
// operation.
func CheckTokenID(id string) error {
	if !validTokenID(id) {
		return Invalid("id", problemID)
	}
	return nil
}

func validTokenID(id string) bool {
	n := utf8.RuneCountInString(id)
	return id != reservedID && n >= 3 && n <= 400 && utf8.ValidString(id) &&
		!strings.ContainsAny(id, `#/\+?[]|&=%<>{}^`) && strings.IndexFunc(id, unicode.IsControl) < 0
}

// AliasAttempts is how often an alias is drawn before the token gets a UUID instead.
const AliasAttempts = 5

// naming is how a draft came by its id, and what it can be called instead.
type naming struct {
	alias    func() (string, error) // draws an id; nil where the request has no expressions, or when they are given up
	attempts int
	mint     func() (string, error) // makes an id of ours; nil where the client named the id as it stands
}

// Minted reports whether the draft's id is one of ours, made for it; see [TokenIDs].
func (d *TokenDraft) Minted() bool { return d.naming.mint != nil && d.naming.alias == nil }

// Rename gives the draft another id once the store has said that its own is taken: another alias, and after
// [AliasAttempts] one of ours, or another one of ours. It reports false where there is no other, because the client named
// the id itself: then the id is a conflict, see [ErrTokenIDTaken].
func (d *TokenDraft) Rename() (renamed bool, err error) {
	n := &d.naming
	n.attempts++
	switch {
	case n.alias != nil && n.attempts < AliasAttempts:
		d.ID, err = n.alias()
	case n.mint != nil:
		n.alias = nil
		d.ID, err = n.mint()
	default:
		return false, nil
	}
	return err == nil, err
}

// ErrTokenIDTaken refuses a token whose id another token of the tenant has.
var ErrTokenIDTaken = &Error{
	Kind: KindConflict, Detail: "A token with this id exists already.",
	Fields: map[string][]string{"id": {"is taken"}},
}

// name gives the draft its id: one of ours where the request names none, what its expressions yield, or the id as it
// stands.
func (b *TokenBuilder) name(f *Fields, d *TokenDraft, r *TokenRequest) (err error) {
	switch {
	case r.ID == "":
		d.naming.mint = b.MintID
		d.ID, err = b.MintID()
		return err
	case !strings.Contains(r.ID, "{{"):
		d.ID = r.ID
	default:
		variables := map[string]any{"data": d.Data}
		d.naming.mint = b.MintID
		d.naming.alias = func() (string, error) {
			id, err := b.evaluateText(r.ID, variables)
			if err == nil && !validTokenID(id) {
				err = Refuse(KindInvalid, problemID)
			}
			return id, err
		}
		d.ID, err = d.naming.alias()
		return noted(f, member(r.path, "id"), err)
	}
	if !validTokenID(d.ID) {
		f.Add(member(r.path, "id"), problemID)
	}
	return nil
}
