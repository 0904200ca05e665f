-- The server makes the id of a token out of its selector, and so finds the token in its place. Only names that clients
-- chose need an index, which they enter in no order. Tokens of before keep theirs as names. There is no foreign key to
-- the tenant: it would be looked for with every token, and tenants are not deleted.
ALTER TABLE token_terms RENAME TO old_token_terms;
ALTER TABLE tokens RENAME TO old_tokens;
DROP INDEX token_terms_by_token;
DROP INDEX tokens_by_container;
DROP INDEX tokens_by_fingerprint;
DROP INDEX tokens_by_expiry;
DROP INDEX tokens_by_cvc_expiry;

CREATE TABLE tokens (
    selector       BIGINT PRIMARY KEY,
    tenant_id      TEXT NOT NULL,
    id             TEXT NOT NULL,
    named          BOOLEAN NOT NULL,
    type           TEXT NOT NULL,
    container      BYTEA NOT NULL,
    fingerprint    TEXT,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT,
    cvc_expires_at BIGINT,
    version        INTEGER NOT NULL,
    key_version    INTEGER NOT NULL,
    body           BYTEA NOT NULL
);
INSERT INTO tokens (selector, tenant_id, id, named, type, container, fingerprint, created_at, expires_at, cvc_expires_at, version,
    key_version, body)
SELECT selector, tenant_id, id, TRUE, type, container, fingerprint, created_at, expires_at, cvc_expires_at, version, key_version, body
FROM old_tokens ORDER BY selector;
CREATE UNIQUE INDEX tokens_by_name ON tokens (tenant_id, id) WHERE named;
CREATE INDEX tokens_by_container ON tokens (tenant_id, container, selector);
CREATE INDEX tokens_by_fingerprint ON tokens (tenant_id, fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX tokens_by_expiry ON tokens (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX tokens_by_cvc_expiry ON tokens (cvc_expires_at) WHERE cvc_expires_at IS NOT NULL;

CREATE TABLE token_terms (
    term     BYTEA NOT NULL,
    selector BIGINT NOT NULL REFERENCES tokens (selector) ON DELETE CASCADE,
    PRIMARY KEY (term, selector)
) /* WITHOUT ROWID */;
INSERT INTO token_terms (term, selector) SELECT term, selector FROM old_token_terms ORDER BY term, selector;
CREATE INDEX token_terms_by_token ON token_terms (selector);

DROP TABLE old_token_terms;
DROP TABLE old_tokens;
