package hallpass

import (
	"bytes"
	"encoding/json"
	"errors"
)

// TokenView is what a caller gets to see of a token, its members in the order in which the vendor answers them. What is
// absent or unknown is left out, never null.
type TokenView struct {
	ID                    string            `json:"id"`
	Type                  TokenType         `json:"type"`
	TenantID              string            `json:"tenant_id"`
	Data                  any               `json:"data,omitempty"`
	Metadata              map[string]string `json:"metadata,omitempty"`
	Enrichments           *TokenEnrichments `json:"enrichments,omitempty"`
	Card                  *CardDetails      `json:"card,omitempty"`          // card and card_number
	Bank                  *BankDetails      `json:"bank,omitempty"`          // bank
	NetworkToken          *CardDetails      `json:"network_token,omitempty"` // network_token
	CreatedBy             string            `json:"created_by,omitempty"`
	CreatedAt             string            `json:"created_at,omitempty"` // as [FormatInstant] writes it
	ModifiedBy            string            `json:"modified_by,omitempty"`
	ModifiedAt            string            `json:"modified_at,omitempty"`
	Fingerprint           string            `json:"fingerprint,omitempty"`
	FingerprintExpression string            `json:"fingerprint_expression,omitempty"`
	Mask                  any               `json:"mask,omitempty"`
	Privacy               *Privacy          `json:"privacy,omitempty"`
	SearchIndexes         []string          `json:"search_indexes,omitzero"` // present when empty
	ExpiresAt             string            `json:"expires_at,omitempty"`    // as [FormatExpiry] writes it
	Containers            []string          `json:"containers"`
	Aliases               []string          `json:"aliases,omitempty"`
	Extras                *TokenExtras      `json:"_extras,omitempty"` // in answers to create and tokenize only
}

// TokenEnrichments is what is known of a token beyond its data.
type TokenEnrichments struct {
	CardDetails CardSummary `json:"card_details"`
}

// CardSummary is the short form of [CardDetails].
type CardSummary struct {
	BIN   string `json:"bin"`
	Last4 string `json:"last4"`
}

// TokenExtras says how an answer came about.
type TokenExtras struct {
	Deduplicated bool `json:"deduplicated"` // the token existed before, with the same fingerprint
}

// View returns what is to be seen of the token under a transform: its data plain when revealed, through its mask when
// masked, and not at all when redacted or where there is no mask. Redaction also leaves out the details of cards and bank
// accounts, which are made from the data. The token should have gone through [Token.At]. An error is an internal one: a
// mask that its data does not bear, once a cvc has gone, shows nothing.
func (t *Token) View(transform Transform, e Evaluator) (*TokenView, error) {
	privacy := t.privacy()
	v := &TokenView{
		ID: t.ID, Type: t.Type, TenantID: t.TenantID, Metadata: t.Metadata,
		CreatedBy: t.CreatedBy, CreatedAt: FormatInstant(t.CreatedAt),
		Fingerprint: t.Fingerprint, FingerprintExpression: t.FingerprintExpression, Mask: t.Mask, Privacy: &privacy,
		SearchIndexes: append([]string{}, t.SearchIndexes...), Containers: []string{t.Container}, Aliases: []string{t.ID},
	}
	if !t.ModifiedAt.IsZero() {
		v.ModifiedBy, v.ModifiedAt = t.ModifiedBy, FormatInstant(t.ModifiedAt)
	}
	if !t.ExpiresAt.IsZero() {
		v.ExpiresAt = FormatExpiry(t.ExpiresAt)
	}
	var err error
	switch transform {
	case Reveal:
		v.Data = t.Data
		v.details(t)
	case Mask:
		v.Data, err = t.masked(e)
		v.details(t)
	}
	return v, err
}

// masked evaluates the token's mask over its data, nil where there is none. Members for which the data has nothing are
// left out, as are those that the mask does not name.
func (t *Token) masked(e Evaluator) (any, error) {
	mask := t.mask()
	if mask == nil {
		return nil, nil
	}
	masked, err := e.EvaluateTree(mask, map[string]any{"data": t.Data})
	var refused *Error
	if errors.As(err, &refused) && refused.Kind == KindInvalid {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return dropNulls(mask, masked), nil
}

// dropNulls returns what a mask made of the data without the members for which it yielded null. What a single expression
// yielded is left as it is: it may be a part of the data itself.
func dropNulls(mask, masked any) any {
	switch mask := mask.(type) {
	case map[string]any:
		object, _ := masked.(map[string]any)
		kept := make(map[string]any, len(mask))
		for name, expression := range mask {
			if value := dropNulls(expression, object[name]); value != nil {
				kept[name] = value
			}
		}
		return kept
	case []any:
		array, _ := masked.([]any)
		kept := make([]any, len(array))
		for i := range array {
			kept[i] = dropNulls(mask[i], array[i])
		}
		return kept
	default:
		return masked
	}
}

// RedactedView returns what is shown of a token to whom it may not be read: when a create or tokenize request meets a
// token with the same fingerprint and the caller holds no token:read on it (developers.basistheory.com, What are Tokens? >
// Deduplication).
func (t *Token) RedactedView() *TokenView {
	return &TokenView{
		ID: t.ID, Type: t.Type, TenantID: t.TenantID, Fingerprint: t.Fingerprint, Containers: []string{t.Container},
	}
}

// WithExtras adds whether the token was there before to an answer to create or tokenize.
func (v *TokenView) WithExtras(deduplicated bool) *TokenView {
	v.Extras = &TokenExtras{Deduplicated: deduplicated}
	return v
}

// Tree returns the view as a JSON tree with json.Number, for expressions that name a whole token.
func (v *TokenView) Tree() (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var tree any
	err = decoder.Decode(&tree)
	return tree, err
}
