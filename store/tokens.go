package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"hallpass"
)

// tokenBody is what of a token is sealed.
type tokenBody struct {
	Data                  any               `json:"data"`
	Mask                  any               `json:"mask,omitempty"`
	Metadata              map[string]string `json:"metadata,omitempty"`
	SearchIndexes         []string          `json:"search_indexes"`
	FingerprintExpression string            `json:"fingerprint_expression,omitempty"`
	Privacy               hallpass.Privacy  `json:"privacy"`
	ExpiryOffset          int               `json:"expiry_offset,omitempty"` // minutes from UTC
	CreatedBy             string            `json:"created_by"`
	ModifiedBy            string            `json:"modified_by,omitempty"`
	ModifiedAt            int64             `json:"modified_at,omitempty"` // microseconds since 1970 UTC
}

// tokenPurpose binds a body to its row.
func tokenPurpose(tenantID string, selector hallpass.Selector) string {
	return "token " + tenantID + " " + strconv.FormatInt(int64(selector), 10)
}

// StoredToken is a token with what the store keeps of it beside.
type StoredToken struct {
	hallpass.Token
	selector hallpass.Selector
	version  int // counts changes
	keys     int // the version of the tenant's key that the body is sealed with
	sealed   []byte
}

func (t *StoredToken) name() tokenName { return tokenName{t.TenantID, t.ID} }

const tokenColumns = `t.selector, t.id, t.type, t.container, t.fingerprint, t.created_at, t.expires_at, t.cvc_expires_at,
	t.version, t.key_version, t.body`

func scanToken(row scanner, tenantID string) (*StoredToken, error) {
	t := &StoredToken{Token: hallpass.Token{TenantID: tenantID}}
	var container []byte
	var fingerprint sql.NullString
	var createdAt, expiresAt, cvcExpiresAt sql.NullInt64
	err := row.Scan(&t.selector, &t.ID, &t.Type, &container, &fingerprint, &createdAt, &expiresAt, &cvcExpiresAt,
		&t.version, &t.keys, &t.sealed)
	t.Container, t.Fingerprint = string(container), fingerprint.String
	t.CreatedAt, t.ExpiresAt, t.CVCExpiresAt = instant(createdAt), instant(expiresAt), instant(cvcExpiresAt)
	return t, err
}

// unseal reads the sealed members of a token that was scanned.
func (db *DB) unseal(ctx context.Context, t *StoredToken) error {
	seal, err := db.sealOf(ctx, t.TenantID, t.keys)
	if err != nil {
		return err
	}
	plain, err := seal.open(t.sealed, tokenPurpose(t.TenantID, t.selector))
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(plain))
	decoder.UseNumber() // numbers keep all their digits
	var b tokenBody
	if err := decoder.Decode(&b); err != nil {
		return err
	}
	t.sealed = nil
	t.Data, t.Mask, t.Metadata, t.SearchIndexes, t.Privacy = b.Data, b.Mask, b.Metadata, b.SearchIndexes, b.Privacy
	t.FingerprintExpression, t.CreatedBy, t.ModifiedBy = b.FingerprintExpression, b.CreatedBy, b.ModifiedBy
	if b.ModifiedAt != 0 {
		t.ModifiedAt = time.UnixMicro(b.ModifiedAt).UTC()
	}
	if !t.ExpiresAt.IsZero() {
		t.ExpiresAt = hallpass.WithOffset(t.ExpiresAt, b.ExpiryOffset)
	}
	return nil
}

// sealToken returns the sealed members of a token, and the version of the key that they are sealed with.
func (db *DB) sealToken(ctx context.Context, t *hallpass.Token, selector hallpass.Selector) ([]byte, int, error) {
	keys, err := db.tenantKeysOf(ctx, t.TenantID)
	if err != nil {
		return nil, 0, err
	}
	b := tokenBody{
		Data: t.Data, Mask: t.Mask, Metadata: t.Metadata, SearchIndexes: t.SearchIndexes, Privacy: t.Privacy,
		FingerprintExpression: t.FingerprintExpression, CreatedBy: t.CreatedBy, ModifiedBy: t.ModifiedBy,
	}
	if !t.ExpiresAt.IsZero() {
		b.ExpiryOffset = hallpass.ExpiryOffset(t.ExpiresAt)
	}
	if !t.ModifiedAt.IsZero() {
		b.ModifiedAt = t.ModifiedAt.UnixMicro()
	}
	plain, err := json.Marshal(b)
	if err != nil {
		return nil, 0, err
	}
	sealed, err := keys.seals[keys.active].seal(plain, tokenPurpose(t.TenantID, selector))
	return sealed, keys.active, err
}

// tokenName is what a tenant calls a token by.
type tokenName struct{ tenantID, id string }

// rememberedBody bounds the tokens that are remembered, in bytes of their sealed body.
const rememberedBody = 4 << 10

// Token returns the tenant's token of that id, or nil where there is none or it has expired at now. Tokens are remembered
// as they are stored, sealed.
func (db *DB) Token(ctx context.Context, tenantID, id string, now time.Time) (*StoredToken, error) {
	name := tokenName{tenantID, id}
	cached, generation := db.tokens.get(name)
	if cached != nil && (cached.ExpiresAt.IsZero() || cached.ExpiresAt.After(now)) { // else another may have its name by now
		t := *cached
		return &t, db.unseal(ctx, &t)
	}
	t, err := db.tokenCalled(ctx, tenantID, id, now)
	if err != nil || t == nil {
		return nil, err
	}
	if len(t.sealed) <= rememberedBody {
		sealed := *t
		db.tokens.fill(name, &sealed, generation)
	}
	return t, db.unseal(ctx, t)
}

// tokenCalled looks for a token in the place that its id was made of, and under the names that clients gave.
func (db *DB) tokenCalled(ctx context.Context, tenantID, id string, now time.Time) (*StoredToken, error) {
	ids, err := db.TokenIDs(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	if selector, made := ids.Selector(id); made {
		t, err := db.sealedToken(db.read(ctx), db.reads, tenantID, `t.selector = $3 AND NOT t.named`, now, int64(selector))
		if err != nil || t != nil {
			return t, err
		}
	}
	return db.sealedToken(db.read(ctx), db.reads, tenantID, `t.named AND t.id = $3`, now, id)
}

// sealedToken returns the first living token of the tenant that meets the condition, oldest first, still sealed, or nil.
func (db *DB) sealedToken(ctx context.Context, q querier, tenantID, condition string, now time.Time, value any) (*StoredToken, error) {
	t, err := scanToken(q.QueryRowContext(ctx, `SELECT `+tokenColumns+` FROM tokens t
		WHERE t.tenant_id = $1 AND (t.expires_at IS NULL OR t.expires_at > $2) AND `+condition+`
		ORDER BY t.selector LIMIT 1`, tenantID, micros(now), value), tenantID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // absent is an answer here
	}
	return t, err
}

func tokenLog(t *hallpass.Token, by, operation string) hallpass.Log {
	return hallpass.Log{TenantID: t.TenantID, ActorID: by, EntityType: hallpass.EntityToken, EntityID: t.ID, Operation: operation}
}

// UpdateToken stores the token as a patch has made it. It returns a KindConflict error where the token is no longer as it
// was when old was read, and where the token may not exist twice and another has its fingerprint.
func (db *DB) UpdateToken(ctx context.Context, old *StoredToken, d *hallpass.TokenDraft, by string, now time.Time) error {
	return db.write(ctx, func(ctx context.Context, q querier) error {
		if d.Deduplicate {
			if err := claim(ctx, q, []*hallpass.TokenDraft{d}); err != nil {
				return err
			}
			twin, err := db.twin(ctx, q, d, now)
			if err != nil {
				return err
			}
			if twin != nil && twin.selector != old.selector {
				return errTokenTwin
			}
		}
		if err := db.replaceToken(ctx, q, old, d); err != nil {
			return err
		}
		if err := unclaim(ctx, q, []*hallpass.TokenDraft{d}); err != nil {
			return err
		}
		return db.record(ctx, q, now, tokenLog(&d.Token, by, hallpass.OperationUpdate))
	}, func() { db.tokens.remove(old.name()) })
}

var errTokenTwin = hallpass.Refuse(hallpass.KindConflict, "Another token has the same fingerprint.")

var errTokenChanged = hallpass.Refuse(hallpass.KindConflict, "The token was changed by another request meanwhile.")

func (db *DB) replaceToken(ctx context.Context, q querier, old *StoredToken, d *hallpass.TokenDraft) error {
	sealed, keys, err := db.sealToken(ctx, &d.Token, old.selector)
	if err != nil {
		return err
	}
	err = atLeastOne(errTokenChanged)(q.ExecContext(ctx, `
		UPDATE tokens SET container = $3, fingerprint = $4, expires_at = $5, cvc_expires_at = $6, version = version + 1,
			key_version = $7, body = $8
		WHERE selector = $1 AND version = $2`,
		int64(old.selector), old.version, []byte(d.Container), text(d.Fingerprint), micros(d.ExpiresAt), micros(d.CVCExpiresAt), keys, sealed))
	if err != nil {
		return err
	}
	if _, err := q.ExecContext(ctx, `DELETE FROM token_terms WHERE selector = $1`, int64(old.selector)); err != nil {
		return err
	}
	return db.insertTerms(ctx, q, old.selector, d)
}

var termRows = newInsertion("token_terms", "term", "selector")

// insertTerms stores what the token can be found by.
func (db *DB) insertTerms(ctx context.Context, q querier, selector hallpass.Selector, d *hallpass.TokenDraft) error {
	if len(d.SearchTerms) == 0 && len(d.Metadata) == 0 {
		return nil
	}
	key, err := db.TenantKey(ctx, d.TenantID)
	if err != nil {
		return err
	}
	terms := append([]hallpass.SearchTerm{}, d.SearchTerms...)
	for name, value := range d.Metadata {
		terms = append(terms, key.MetadataTerm(d.TenantID, name, value))
	}
	for _, term := range terms {
		if _, err := termRows.add(ctx, q, term[:], int64(selector)); err != nil {
			return err
		}
	}
	return nil
}

// DeleteToken deletes the token. It returns a KindNotFound error where it is gone already.
func (db *DB) DeleteToken(ctx context.Context, t *StoredToken, by string, now time.Time) error {
	return db.write(ctx, func(ctx context.Context, q querier) error {
		if err := atLeastOne(hallpass.ErrNotFound)(q.ExecContext(ctx, `DELETE FROM tokens WHERE selector = $1`, int64(t.selector))); err != nil {
			return err
		}
		return db.record(ctx, q, now, tokenLog(&t.Token, by, hallpass.OperationDelete))
	}, func() { db.tokens.remove(t.name()) })
}
