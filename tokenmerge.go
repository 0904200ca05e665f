package hallpass

import (
	"maps"
	"slices"
	"time"
)

// MergePatch returns what a JSON tree is after a merge patch (RFC 7386): members of objects are merged, null removes one,
// and anything else replaces. Neither tree is changed; the result may share parts with both.
func MergePatch(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object, _ := target.(map[string]any)
	merged := make(map[string]any, len(object)+len(changes))
	maps.Copy(merged, object)
	for name, change := range changes {
		if change == nil {
			delete(merged, name)
		} else {
			merged[name] = MergePatch(merged[name], change)
		}
	}
	return merged
}

// patchable are the members of a token that a patch may hold.
var patchable = []string{
	"data", "mask", "metadata", "containers", "search_indexes", "fingerprint_expression", "deduplicate_token",
	"expires_at", "privacy",
}

// Patch returns the token as it is once a merge patch has been applied to it (developers.basistheory.com, API > Tokens >
// Update Token): data, mask and metadata are merged, the other members replaced, and null brings back what a new token
// without the member would have. The merged data is checked by its type, and everything that follows from the data is
// worked out anew. The token given is not changed.
func (b *TokenBuilder) Patch(t *Token, patch map[string]any) (*TokenDraft, error) {
	var f Fields
	m := reader{&f, "", patch}
	refuseFixed(m)
	d := &TokenDraft{Token: *t.At(b.Now)}
	d.ModifiedBy, d.ModifiedAt = b.Author, b.Now
	how := derivation{
		deduplicate: m.flag("deduplicate_token"),
		fingerprint: t.Fingerprint != "" && t.FingerprintExpression == "",
	}
	b.merge(d, m)
	b.replace(d, m)
	if err := f.Err(); err != nil {
		return nil, err
	}
	if err := b.derive(&f, d, how); err != nil {
		return nil, err
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

func refuseFixed(m reader) {
	for _, name := range []string{"id", "type"} {
		if _, sent := m.body[name]; sent {
			m.refuse(name, "cannot be changed")
		}
	}
	m.refuseOthers("is not a member that can be changed", slices.Concat(patchable, []string{"id", "type"}))
}

// merge applies what a patch says of data, mask and metadata.
func (b *TokenBuilder) merge(d *TokenDraft, m reader) {
	if data, sent := m.body["data"]; sent {
		d.Data = MergePatch(d.Data, data)
		checkData(m.f, "data", d.Type.definition(), d.Data)
		b.keepCVC(d, data)
	}
	if mask, sent := m.body["mask"]; sent {
		d.Mask = MergePatch(d.Mask, mask)
	}
	if metadata, sent := m.body["metadata"]; sent {
		current := make(map[string]any, len(d.Metadata))
		for key, text := range d.Metadata {
			current[key] = text
		}
		merged := MergePatch(current, metadata)
		d.Metadata = reader{m.f, "", map[string]any{"metadata": merged}}.metadata()
	}
}

// keepCVC sets how long the cvc of merged data is kept: a new one for its time from now on, an old one as it was.
func (b *TokenBuilder) keepCVC(d *TokenDraft, patch any) {
	card, _ := patch.(map[string]any)
	switch {
	case !d.hasCVC():
		d.CVCExpiresAt = time.Time{}
	case card["cvc"] != nil:
		d.CVCExpiresAt = b.Now.Add(CVCRetention)
	}
}

// replace applies what a patch says of the other members.
func (b *TokenBuilder) replace(d *TokenDraft, m reader) {
	if _, sent := m.body["containers"]; sent {
		d.Container = parseContainer(m.f, "", m.texts("containers"), d.Type.definition())
	}
	if _, sent := m.body["search_indexes"]; sent {
		d.SearchIndexes = m.texts("search_indexes")
		checkIndexes(m.f, "", d.SearchIndexes, MaxPatchedSearchIndexes)
	}
	if _, sent := m.body["fingerprint_expression"]; sent {
		d.FingerprintExpression = m.text("fingerprint_expression")
		checkFingerprintExpression(m.f, "", d.FingerprintExpression)
	}
	if _, sent := m.body["expires_at"]; sent {
		d.ExpiresAt = parseExpiresAt(m.f, "", m.optional("expires_at"), b.Now)
	}
	if _, sent := m.body["privacy"]; sent {
		d.Privacy = m.privacy()
	}
}

// Overwrite returns an existing token with the data and metadata of a draft that has its fingerprint, as the tenant
// setting token_deduplication_behavior: update_existing wants it. Everything else stays as it is.
func (b *TokenBuilder) Overwrite(existing *Token, d *TokenDraft) (*TokenDraft, error) {
	over := &TokenDraft{Token: *existing}
	over.Data, over.Metadata, over.CVCExpiresAt = d.Data, d.Metadata, d.CVCExpiresAt
	over.ModifiedBy, over.ModifiedAt = b.Author, b.Now
	var f Fields
	if err := b.derive(&f, over, derivation{}); err != nil {
		return nil, err
	}
	over.Deduplicate = false                // it is the token that the draft is a duplicate of
	over.Fingerprint = existing.Fingerprint // both have it, each perhaps by an expression of its own
	return over, f.Err()
}
