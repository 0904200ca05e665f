-- The keys of each tenant, wrapped with the data key: one that digests are made with for ever, and one, or while they are
-- rotated several, that data is sealed with.
CREATE TABLE tenant_keys (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    purpose   TEXT NOT NULL CHECK (purpose IN ('seal', 'digest')),
    version   INTEGER NOT NULL,
    wrapped   BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, purpose, version)
);

-- Containers are bytes so that both databases order them alike. The body holds data, mask, metadata and whatever else was
-- given, sealed.
CREATE TABLE tokens (
    selector       BIGINT PRIMARY KEY,
    tenant_id      TEXT NOT NULL REFERENCES tenants (id),
    id             TEXT NOT NULL,
    type           TEXT NOT NULL,
    container      BYTEA NOT NULL,
    fingerprint    TEXT,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT,
    cvc_expires_at BIGINT,
    version        INTEGER NOT NULL,
    key_version    INTEGER NOT NULL,
    body           BYTEA NOT NULL,
    UNIQUE (tenant_id, id)
);
CREATE INDEX tokens_by_container ON tokens (tenant_id, container, selector);
CREATE INDEX tokens_by_fingerprint ON tokens (tenant_id, fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX tokens_by_expiry ON tokens (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX tokens_by_cvc_expiry ON tokens (cvc_expires_at) WHERE cvc_expires_at IS NOT NULL;

-- What a token can be found by, as keyed digests: the results of its search indexes, and the members of its metadata.
CREATE TABLE token_terms (
    term     BYTEA NOT NULL,
    selector BIGINT NOT NULL REFERENCES tokens (selector) ON DELETE CASCADE,
    PRIMARY KEY (term, selector)
) /* WITHOUT ROWID */;
CREATE INDEX token_terms_by_token ON token_terms (selector);

-- Held while a token that may not exist twice is created, so that two with one fingerprint wait for each other. Always
-- empty between transactions.
CREATE TABLE fingerprint_claims (
    tenant_id   TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    claims      INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, fingerprint)
);

-- The id of an entry tells when it was made.
CREATE TABLE logs (
    tenant_id   TEXT NOT NULL,
    id          BIGINT NOT NULL,
    actor_id    TEXT,
    entity_type TEXT NOT NULL,
    entity_id   TEXT NOT NULL,
    operation   TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) /* WITHOUT ROWID */;
