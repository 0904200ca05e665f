-- One schema for SQLite and PostgreSQL. Instants are microseconds since 1970 UTC; lists and maps are JSON text; digests
-- and ciphertexts are bytes. For BIGINT PRIMARY KEY and the words in comments after a table, see migrate.go.
CREATE TABLE tenants (
    id          TEXT PRIMARY KEY,
    owner_id    TEXT NOT NULL,
    name        TEXT NOT NULL,
    type        TEXT NOT NULL CHECK (type IN ('test', 'production')),
    settings    TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    modified_by TEXT,
    modified_at BIGINT
);

CREATE TABLE applications (
    id          TEXT PRIMARY KEY,
    tenant_id   TEXT NOT NULL REFERENCES tenants (id),
    name        TEXT NOT NULL,
    type        TEXT NOT NULL CHECK (type IN ('public', 'private', 'management')),
    permissions TEXT NOT NULL,
    rules       TEXT NOT NULL,
    created_by  TEXT,
    created_at  BIGINT NOT NULL,
    modified_by TEXT,
    modified_at BIGINT,
    expires_at  BIGINT
);
CREATE INDEX applications_by_tenant ON applications (tenant_id, created_at, id);

-- The slot holds an application to its three keys: two racing inserts of a third key meet in the unique index.
CREATE TABLE application_keys (
    selector       BIGINT PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    slot           INTEGER NOT NULL CHECK (slot BETWEEN 1 AND 3),
    digest         BYTEA NOT NULL,
    created_by     TEXT,
    created_at     BIGINT NOT NULL,
    UNIQUE (application_id, slot)
);

-- A session belongs to the application and tenant of the key that it was asked for with, and ends with that key. There is
-- no foreign key: deleting an application must not wait for the deletion of a million sessions. Reads join the key, so
-- without it a session is not found; the sweep follows.
CREATE TABLE sessions (
    selector      BIGINT PRIMARY KEY,
    issuing_key   BIGINT NOT NULL,
    key_digest    BYTEA NOT NULL,
    nonce_digest  BYTEA NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    authorized_at BIGINT,
    authorized_by TEXT,
    granted       TEXT
);
-- Sessions end in the order of their selectors, three minutes after they were made; all but these.
CREATE INDEX sessions_extended ON sessions (expires_at) WHERE expires_at > created_at + 180000000;

CREATE TABLE transactions (
    id              TEXT PRIMARY KEY,
    tenant_id       TEXT NOT NULL REFERENCES tenants (id),
    status          TEXT NOT NULL CHECK (status IN ('new', 'workflow_in_progress', 'completed', 'cancelled')),
    roles           TEXT NOT NULL,
    token_roles     TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    ended_at        BIGINT,
    last_session_at BIGINT,
    modified_at     BIGINT NOT NULL,
    version         INTEGER NOT NULL,
    details         BYTEA NOT NULL
);

CREATE TABLE transaction_sessions (
    id              TEXT PRIMARY KEY,
    transaction_id  TEXT NOT NULL REFERENCES transactions (id) ON DELETE CASCADE,
    role            TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    last_request_at BIGINT NOT NULL,
    user_agent      TEXT NOT NULL,
    version         INTEGER NOT NULL,
    UNIQUE (transaction_id, role)
);

-- At most one secret is active (superseded_at is null) and at most one is the previous one.
CREATE TABLE signing_secrets (
    id            TEXT PRIMARY KEY,
    state         TEXT NOT NULL UNIQUE CHECK (state IN ('active', 'previous')),
    secret        BYTEA NOT NULL,
    superseded_at BIGINT
);

CREATE TABLE idempotent_requests (
    digest     BYTEA PRIMARY KEY,
    started_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    reply      BYTEA
);
CREATE INDEX idempotent_requests_by_expiry ON idempotent_requests (expires_at);
