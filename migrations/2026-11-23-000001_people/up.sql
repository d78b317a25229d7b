-- Who there is: the tree of organisations, their members, and the ways a member proves to be one.
--
-- One portable set for SQLite and PostgreSQL: ids are TEXT made by the application (UUIDv7), times BIGINT
-- microseconds since 1970 UTC, enums TEXT with a CHECK. The tree has three floors (operator, reseller, customer);
-- every tenant row carries the reseller it belongs to beside its own organisation, so that a scope is one
-- equality on an indexed column and never a walk of the tree.

CREATE TABLE organisations (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('operator', 'reseller', 'customer')),
    parent_id TEXT REFERENCES organisations (id),
    -- The reseller at or above this organisation; NULL for the operator alone.
    reseller_id TEXT REFERENCES organisations (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK ((kind = 'operator') = (parent_id IS NULL)),
    CHECK ((kind = 'operator') = (reseller_id IS NULL))
);
CREATE UNIQUE INDEX organisations_one_operator ON organisations (kind) WHERE kind = 'operator';
CREATE UNIQUE INDEX organisations_name ON organisations (parent_id, name);
CREATE INDEX organisations_reseller ON organisations (reseller_id, id);

CREATE TABLE members (
    id TEXT PRIMARY KEY NOT NULL,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    -- Lower case, unique over the whole installation: it is what a person types to sign in.
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'agent', 'support', 'auditor')),
    -- Argon2id in PHC form; NULL until the member followed the set-up link.
    password_hash TEXT,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);
CREATE INDEX members_organisation ON members (organisation_id, id);

-- A browser's sign-in. The cookie is a signed token naming this row; the row decides at each request.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    member_id TEXT NOT NULL REFERENCES members (id),
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    -- When the password was last typed: destructive acts ask for it again after a few minutes.
    confirmed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX sessions_member ON sessions (member_id, id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Bearer tokens of the API. A token acts as a role in an organisation; its secret is stored hashed.
CREATE TABLE api_tokens (
    id TEXT PRIMARY KEY NOT NULL,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'agent', 'support', 'auditor')),
    secret_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_tokens_organisation ON api_tokens (organisation_id, id);

-- One-time links: the first owner's set-up, a new member's first password, a password reset.
CREATE TABLE one_time_links (
    id TEXT PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('set-up', 'password')),
    -- NULL for set-up: there is no member yet.
    member_id TEXT REFERENCES members (id),
    secret_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
