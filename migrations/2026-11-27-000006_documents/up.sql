-- Lists and exports of a seller's or a buyer's documents, each page by an index; and the forecast as it was last reckoned.

-- The list of documents, newest first, by either side. Ids rise with time, so that these grow at their end.
CREATE INDEX invoices_seller ON invoices (seller_id, id);
CREATE INDEX invoices_buyer ON invoices (buyer_id, id);

-- The journal in its order: what is exported for a year, and what is added up since the last forecast.
CREATE INDEX transfers_seller ON transfers (seller_id, id);

-- What is to come for one seller, reckoned by a job from every subscription and everything owed: a page shows it and reckons
-- nothing. One row a seller, replaced each time.
CREATE TABLE forecasts (
    seller_id TEXT PRIMARY KEY NOT NULL REFERENCES sellers (organisation_id),
    taken_at BIGINT NOT NULL,
    -- JSON (app: selling::forecast::figures).
    figures TEXT NOT NULL
);

-- What a seller's receivables come to by the ledger up to one transfer, so that each reckoning adds only what came since.
CREATE TABLE ledger_marks (
    seller_id TEXT NOT NULL REFERENCES sellers (organisation_id),
    currency TEXT NOT NULL,
    -- Every transfer with a smaller id is in the balance. It lies an hour back: a transfer gets its id before it is committed.
    before_id TEXT NOT NULL,
    balance BIGINT NOT NULL,
    PRIMARY KEY (seller_id, currency)
);
