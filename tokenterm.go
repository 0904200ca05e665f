package hallpass

// MetadataTerm returns the search term of one member of a token's metadata, letter for letter. It never equals the term
// of a search index. The key must be the tenant's.
func (k *TenantKey) MetadataTerm(tenantID, key, value string) SearchTerm {
	return k.digest("metadata", tenantID, key, value)
}

// DetokenizeQuota is how many expressions one detokenize request holds at most (developers.basistheory.com, Rate Limits >
// Default Quotas).
const DetokenizeQuota = 5
