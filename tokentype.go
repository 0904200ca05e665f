package hallpass

import (
	"slices"
	"strings"
)

// TokenType says what a token's data is, and with it what the data must look like and what happens to it by default.
type TokenType string

// The types of token (developers.basistheory.com, API > Tokens > Token Types).
const (
	TypeToken                TokenType = "token" // anything
	TypeCard                 TokenType = "card"
	TypeNetworkToken         TokenType = "network_token"
	TypeBank                 TokenType = "bank"
	TypeCardNumber           TokenType = "card_number"
	TypeUSBankAccountNumber  TokenType = "us_bank_account_number"
	TypeUSBankRoutingNumber  TokenType = "us_bank_routing_number"
	TypeSocialSecurityNumber TokenType = "social_security_number"
	TypeEmployerIDNumber     TokenType = "employer_id_number"
)

// TokenTypeDefinition is what a type of token means.
type TokenTypeDefinition struct {
	Name                  TokenType
	Container             string   // where the token is put unless a container is given
	FingerprintExpression string   // what is fingerprinted unless an expression is given
	Mask                  any      // a tree of expressions; nil where unmasked data is left out
	SearchIndexes         []string // what can be searched for unless indexes are given

	check func(f *Fields, path string, data any) // notes what is wrong with the data at path
}

// The masks and search indexes that several types share.
var (
	maskLast4 any = "{{ data | reveal_last: 4 }}"
	maskCard  any = map[string]any{
		"number":           "{{ data.number | reveal_last: 4 }}",
		"expiration_month": "{{ data.expiration_month }}",
		"expiration_year":  "{{ data.expiration_year }}",
	}
	maskBank any = map[string]any{
		"routing_number": "{{ data.routing_number }}",
		"account_number": "{{ data.account_number | reveal_last: 4 }}",
	}
	indexDashed = []string{"{{ data }}", "{{ data | replace: '-' }}", "{{ data | last4 }}"}
)

var tokenTypes = []TokenTypeDefinition{
	{Name: TypeToken, Container: "/general/high/", FingerprintExpression: "{{ data | stringify }}", check: checkAnything},
	{
		Name: TypeCard, Container: "/pci/high/", FingerprintExpression: "{{ data.number }}",
		Mask: maskCard, check: checkCard,
	},
	{
		Name: TypeNetworkToken, Container: "/pci/high/", FingerprintExpression: "{{ data.number }}",
		Mask: maskCard, check: checkAnything,
	},
	{
		Name: TypeBank, Container: "/bank/high/",
		FingerprintExpression: "{{ data.account_number }}|{{ data.routing_number }}",
		Mask:                  maskBank, check: checkBank,
	},
	{
		Name: TypeCardNumber, Container: "/pci/high/", FingerprintExpression: "{{ data }}",
		Mask: maskLast4, check: checkText(problemCardNumber),
	},
	{
		Name: TypeUSBankAccountNumber, Container: "/bank/high/", FingerprintExpression: "{{ data }}",
		Mask: maskLast4, check: checkText(problemUSAccount),
	},
	{
		Name: TypeUSBankRoutingNumber, Container: "/bank/low/", FingerprintExpression: "{{ data }}",
		Mask: maskLast4, check: checkText(problemRouting),
	},
	{
		Name: TypeSocialSecurityNumber, Container: "/pii/high/", FingerprintExpression: "{{ data | remove: '-' }}",
		Mask: maskLast4, SearchIndexes: indexDashed, check: checkText(problemNineDigits),
	},
	{
		Name: TypeEmployerIDNumber, Container: "/pii/high/", FingerprintExpression: "{{ data | remove: '-' }}",
		Mask: maskLast4, SearchIndexes: indexDashed, check: checkText(problemNineDigits),
	},
}

// TokenTypes returns every type of token. What the definitions hold is shared and not to be modified.
func TokenTypes() []TokenTypeDefinition { return slices.Clone(tokenTypes) }

// Valid reports whether there is such a type.
func (t TokenType) Valid() bool { return t.definition() != nil }

func (t TokenType) definition() *TokenTypeDefinition {
	for i := range tokenTypes {
		if tokenTypes[i].Name == t {
			return &tokenTypes[i]
		}
	}
	return nil
}

// privacy returns the token's privacy, what was not given filled in: the classification is that of the type; the impact
// level is the last part of the container where that is one, else the type's; the policy says whether there is a mask.
func (t *Token) privacy() Privacy {
	home := segments(tokenTypes[0].Container) // for a type that is no more
	if d := t.Type.definition(); d != nil {
		home = segments(d.Container)
	}
	p := t.Privacy
	if p.Classification == "" {
		p.Classification = home[0]
	}
	if p.ImpactLevel == "" {
		p.ImpactLevel = home[1]
		if parts := segments(t.Container); slices.Contains(impactLevels, parts[len(parts)-1]) {
			p.ImpactLevel = parts[len(parts)-1]
		}
	}
	if p.RestrictionPolicy == "" {
		p.RestrictionPolicy = string(Redact)
		if t.mask() != nil {
			p.RestrictionPolicy = string(Mask)
		}
	}
	return p
}

var impactLevels = []string{"low", "moderate", "high"}

// segments returns the parts of a container between its slashes; the root has one empty part.
func segments(container string) []string { return strings.Split(strings.Trim(container, "/"), "/") }
