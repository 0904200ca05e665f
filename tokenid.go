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
	alias    func() (string, error) // draws an id; nil where the id was given as it stands, or is the UUID already
	attempts int
	uuid     string
}

// Rename gives the draft another id once the store has said that its own is taken: another alias, and after
// [AliasAttempts] the UUID. It reports false where there is no other, because the client named the id itself or because
// the UUID is taken as well: then the id is a conflict, see [ErrTokenIDTaken].
func (d *TokenDraft) Rename() (bool, error) {
	n := &d.naming
	if n.alias == nil {
		return false, nil
	}
	if n.attempts++; n.attempts >= AliasAttempts {
		d.ID, n.alias = n.uuid, nil
		return true, nil
	}
	id, err := n.alias()
	if err == nil {
		d.ID = id
	}
	return err == nil, err
}

// ErrTokenIDTaken refuses a token whose id another token of the tenant has.
var ErrTokenIDTaken = &Error{
	Kind: KindConflict, Detail: "A token with this id exists already.",
	Fields: map[string][]string{"id": {"is taken"}},
}

// name gives the draft its id: the UUID where the request names none, what its expressions yield, or the id as it
// stands.
func (b *TokenBuilder) name(f *Fields, d *TokenDraft, r *TokenRequest, uuid string) error {
	d.ID, d.naming = uuid, naming{uuid: uuid}
	switch {
	case r.ID == "":
		return nil
	case !strings.Contains(r.ID, "{{"):
		d.ID = r.ID
	default:
		variables := map[string]any{"data": d.Data}
		d.naming.alias = func() (string, error) {
			id, err := b.evaluateText(r.ID, variables)
			if err == nil && !validTokenID(id) {
				err = Refuse(KindInvalid, problemID)
			}
			return id, err
		}
		var err error
		d.ID, err = d.naming.alias()
		return noted(f, member(r.path, "id"), err)
	}
	if !validTokenID(d.ID) {
		f.Add(member(r.path, "id"), problemID)
	}
	return nil
}
