-- What happens to a payment after it was recorded, who may announce payments, and what the nightly audit found.
--
-- Payments, allocations and transfers are written once. What turns out otherwise later is a row of its own beside them.

-- returned: the bank took it back, or it was recorded by mistake. paid-back: a refund left the bank. looked-at: a person looked at a
-- payment that was flagged, and it is right. Each happens once.
CREATE TABLE payment_turns (
    payment_id TEXT NOT NULL REFERENCES payments (id),
    turn TEXT NOT NULL CHECK (turn IN ('returned', 'paid-back', 'looked-at')),
    on_date TEXT NOT NULL,
    note TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_by_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (payment_id, turn)
);

-- How much of an allocation no longer counts, because a payment was returned: that part of the invoice is open again. What is
-- open of an invoice is its total, less its allocations, and their reopenings again.
CREATE TABLE reopenings (
    id TEXT PRIMARY KEY NOT NULL,
    allocation_id TEXT NOT NULL REFERENCES allocations (id),
    -- The payment that was returned. Not always the one that had settled: what it left over had become credit, and the credit had
    -- settled something else.
    payment_id TEXT NOT NULL REFERENCES payments (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX reopenings_once ON reopenings (payment_id, allocation_id);
CREATE INDEX reopenings_allocation ON reopenings (allocation_id);

-- What a payment provider signs its announcements with. Sealed; two may hold side by side while the provider changes over.
CREATE TABLE webhook_secrets (
    id TEXT PRIMARY KEY NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (organisation_id),
    sealed TEXT NOT NULL,
    made_by_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX webhook_secrets_live ON webhook_secrets (seller_id, id) WHERE ended_at IS NULL;

-- What the audit of a seller's books found last.
CREATE TABLE books_audits (
    seller_id TEXT PRIMARY KEY NOT NULL REFERENCES sellers (organisation_id),
    checked_at BIGINT NOT NULL,
    -- JSON, at most some hundreds of differences.
    differences TEXT NOT NULL
);
