package hallpass

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Evaluator evaluates the expressions that clients write. Its refusals are [Error] values of kind invalid whose Detail
// may be shown; any other error is our fault.
type Evaluator interface {
	// Evaluate returns what a text of expressions yields, with its JSON type where the text is one expression.
	Evaluate(text string, variables map[string]any) (any, error)
	// EvaluateTree does so for every string of a JSON tree.
	EvaluateTree(tree any, variables map[string]any) (any, error)
}

// TokenBuilder makes tokens out of what clients ask, for one caller at one moment.
type TokenBuilder struct {
	Tenant    *Tenant
	Key       *TenantKey // the tenant's
	Author    string     // id of the application that creates or changes the token
	Now       time.Time
	Evaluator Evaluator
	MintID    func() (string, error) // makes a new UUID with each call, see [TokenIDs]
}

// TokenDraft is a token about to be stored, with what the store keeps beside it.
type TokenDraft struct {
	Token
	SearchTerms []SearchTerm // each once
	// Deduplicate says that the token must not exist twice: where another token of the tenant has its fingerprint, that
	// one is answered instead. Never set on a draft without a fingerprint.
	Deduplicate bool
	// UpdateExisting says that a token answered instead takes over the draft's data and metadata; see
	// [TokenBuilder.Overwrite].
	UpdateExisting bool

	naming naming
}

// Build makes the token that a request asks for. Its refusals name the members at fault.
func (b *TokenBuilder) Build(r *TokenRequest) (*TokenDraft, error) {
	definition := r.Type.definition()
	if definition == nil {
		return nil, Invalid(member(r.path, "type"), problemType(r.Type))
	}
	var f Fields
	d := &TokenDraft{Token: Token{
		TenantID: b.Tenant.ID, Type: r.Type, Data: r.Data, Mask: r.Mask, Metadata: r.Metadata,
		SearchIndexes: r.SearchIndexes, FingerprintExpression: r.FingerprintExpression, Privacy: r.Privacy,
		CreatedBy: b.Author, CreatedAt: b.Now,
	}}
	checkData(&f, member(r.path, "data"), definition, r.Data)
	d.Container = parseContainer(&f, r.path, r.Containers, definition)
	d.ExpiresAt = parseExpiresAt(&f, r.path, r.ExpiresAt, b.Now)
	checkIndexes(&f, r.path, r.SearchIndexes, MaxSearchIndexes)
	checkFingerprintExpression(&f, r.path, r.FingerprintExpression)
	if err := f.Err(); err != nil {
		return nil, err
	}
	if d.hasCVC() {
		d.CVCExpiresAt = b.Now.Add(CVCRetention)
	}
	if err := b.derive(&f, d, derivation{path: r.path, deduplicate: r.DeduplicateToken}); err != nil {
		return nil, err
	}
	if err := b.name(&f, d, r); err != nil {
		return nil, err
	}
	return d, f.Err()
}

func problemType(t TokenType) string {
	if t == "" {
		return problemRequired
	}
	return "is not a type of token"
}

func checkData(f *Fields, path string, d *TokenTypeDefinition, data any) {
	if data == nil {
		f.Add(path, problemRequired)
		return
	}
	d.check(f, path, data)
}

func parseContainer(f *Fields, path string, containers []string, d *TokenTypeDefinition) string {
	switch {
	case len(containers) == 0:
		return d.Container
	case len(containers) > 1:
		f.Add(member(path, "containers"), "must have at most one element")
	case !ValidContainer(containers[0]):
		f.Add(at(member(path, "containers"), 0), "must be a container such as /pci/high/")
	}
	return strings.ToLower(containers[0])
}

func parseExpiresAt(f *Fields, path string, text *string, now time.Time) time.Time {
	t, err := CheckExpiry(text, now)
	var refused *Error
	if errors.As(err, &refused) {
		f.Add(member(path, "expires_at"), refused.Fields["expires_at"][0])
	}
	return t
}

func checkIndexes(f *Fields, path string, indexes []string, most int) {
	if len(indexes) > most {
		f.Add(member(path, "search_indexes"), "must have at most "+strconv.Itoa(most)+" elements")
	}
}

func checkFingerprintExpression(f *Fields, path, expression string) {
	if utf8.RuneCountInString(expression) > MaxFingerprintExpression || !storable(expression) {
		f.Add(member(path, "fingerprint_expression"), "must have at most 400 characters")
	}
}

// derivation is how a draft's mask, search terms and fingerprint are to be worked out.
type derivation struct {
	path        string
	deduplicate *bool // as the request has it; nil for the tenant's setting
	fingerprint bool  // by the type's own expression, whatever the setting
}

// derive works out everything of a draft that follows from its data: it tries the mask that was given and evaluates the
// search indexes and the fingerprint. What the client's expressions do not yield is noted; the error is an internal one.
func (b *TokenBuilder) derive(f *Fields, d *TokenDraft, how derivation) error {
	definition := d.Type.definition()
	data := map[string]any{"data": d.Data}
	if d.Mask != nil {
		_, err := b.Evaluator.EvaluateTree(d.Mask, data)
		if err := noted(f, member(how.path, "mask"), err); err != nil {
			return err
		}
	}
	if d.SearchIndexes == nil {
		d.SearchIndexes = append([]string{}, definition.SearchIndexes...)
	}
	d.SearchTerms = nil
	for i, index := range d.SearchIndexes {
		text, err := b.evaluateText(index, data)
		if err == nil && text == "" {
			err = Refuse(KindInvalid, "must give one value that is neither null nor empty")
		}
		if err := noted(f, at(member(how.path, "search_indexes"), i), err); err != nil {
			return err
		}
		if term := b.Key.SearchTerm(d.TenantID, text); !slices.Contains(d.SearchTerms, term) {
			d.SearchTerms = append(d.SearchTerms, term)
		}
	}
	d.UpdateExisting = b.Tenant.Settings[SettingDeduplication] == "update_existing"
	d.Deduplicate = b.Tenant.On(SettingDeduplicateTokens)
	if how.deduplicate != nil {
		d.Deduplicate = *how.deduplicate
	}
	return b.fingerprint(f, d, how)
}

// fingerprint evaluates the fingerprint: by the expression given, or by the type's own where the tenant fingerprints
// everything or the token is to be deduplicated. An expression that yields nothing gives no fingerprint, for otherwise
// all tokens without the member would be one.
func (b *TokenBuilder) fingerprint(f *Fields, d *TokenDraft, how derivation) error {
	expression := d.FingerprintExpression
	if expression == "" && (d.Deduplicate || how.fingerprint || b.Tenant.On(SettingFingerprintTokens)) {
		expression = d.Type.definition().FingerprintExpression
	}
	d.Fingerprint = ""
	if expression == "" {
		return nil
	}
	metadata := make(map[string]any, len(d.Metadata))
	for key, text := range d.Metadata {
		metadata[key] = text
	}
	value, err := b.Evaluator.Evaluate(expression, map[string]any{"data": d.Data, "metadata": metadata})
	text := ""
	if err == nil {
		text, err = textOf(value)
	}
	if err := noted(f, member(how.path, "fingerprint_expression"), err); err != nil {
		return err
	}
	if strings.TrimSpace(text) != "" {
		d.Fingerprint = b.Key.Fingerprint(d.TenantID, d.Type, text)
	}
	d.Deduplicate = d.Deduplicate && d.Fingerprint != ""
	return nil
}

// evaluateText returns the single value that expressions yield, as text. Objects and arrays are refused.
func (b *TokenBuilder) evaluateText(expression string, variables map[string]any) (string, error) {
	value, err := b.Evaluator.Evaluate(expression, variables)
	if err != nil {
		return "", err
	}
	switch value.(type) {
	case map[string]any, []any:
		return "", Refuse(KindInvalid, "must give one value, not an object or array")
	}
	return textOf(value)
}

// textOf writes a value of a JSON tree as text, objects and arrays as JSON with sorted members.
func textOf(value any) (string, error) {
	switch value := value.(type) {
	case nil:
		return "", nil
	case string:
		return value, nil
	case json.Number:
		return value.String(), nil
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSuffix(text.String(), "\n"), err
}

// noted notes a refusal under path. What is no refusal it returns.
func noted(f *Fields, path string, err error) error {
	var refused *Error
	if errors.As(err, &refused) && refused.Kind == KindInvalid {
		f.Add(path, refused.Detail)
		return nil
	}
	return err
}
