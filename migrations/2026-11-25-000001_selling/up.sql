-- What is sold, to whom, for which time, and what it came to.
--
-- Three habits run through it. Money is BIGINT minor units beside an ISO 4217 code. What stands on an invoice is frozen:
-- parties, invoices and their lines are written once. And what must not happen twice is a key: a period, a number, a
-- letter, a payment.

-- Who stands on an invoice. Never changed: a new address is a new row, and old invoices keep the old one.
CREATE TABLE parties (
    id TEXT PRIMARY KEY NOT NULL,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    legal_name TEXT NOT NULL,
    street TEXT NOT NULL,
    postcode TEXT NOT NULL,
    city TEXT NOT NULL,
    -- ISO 3166-1, two letters.
    country TEXT NOT NULL,
    vat_id TEXT,
    -- Number in the national register: SIREN, Handelsregister …
    registration TEXT,
    email TEXT NOT NULL,
    iban TEXT,
    bic TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX parties_organisation ON parties (organisation_id, id);

-- An organisation that sells: the operator to resellers, a reseller to its customers.
CREATE TABLE sellers (
    organisation_id TEXT PRIMARY KEY NOT NULL REFERENCES organisations (id),
    party_id TEXT NOT NULL REFERENCES parties (id),
    currency TEXT NOT NULL,
    -- IANA name. In it the seller's days begin: dates of invoices, ageing, years of numbers.
    zone TEXT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('en', 'fr')),
    -- Small businesses that charge no VAT (directive 2006/112/EC art. 282–292).
    vat_exempt BIGINT NOT NULL CHECK (vat_exempt IN (0, 1)),
    -- Days from issue to due, unless the billing account says otherwise.
    terms_days BIGINT NOT NULL CHECK (terms_days BETWEEN 0 AND 365),
    invoice_series TEXT NOT NULL,
    credit_note_series TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (invoice_series <> credit_note_series)
);

-- The next number of a series in a year. Taken in the transaction of the invoice itself, so that none is ever missing.
CREATE TABLE invoice_series (
    seller_id TEXT NOT NULL REFERENCES sellers (organisation_id),
    series TEXT NOT NULL,
    year BIGINT NOT NULL,
    next_number BIGINT NOT NULL CHECK (next_number >= 1),
    PRIMARY KEY (seller_id, series, year)
);

CREATE TABLE plans (
    id TEXT PRIMARY KEY NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (organisation_id),
    name TEXT NOT NULL,
    interval_unit TEXT NOT NULL CHECK (interval_unit IN ('months', 'days')),
    interval_count BIGINT NOT NULL CHECK (interval_count BETWEEN 1 AND 1200),
    currency TEXT NOT NULL,
    trial_days BIGINT NOT NULL CHECK (trial_days BETWEEN 0 AND 730),
    terms_days BIGINT NOT NULL CHECK (terms_days BETWEEN 0 AND 365),
    -- Which VAT rate its recurring price takes: `standard`, `zero`, or hundredths of a percent, which are a reduced rate
    -- of the table or one given by hand. Handsets take the standard one.
    rate TEXT NOT NULL,
    cancellation TEXT NOT NULL CHECK (cancellation IN ('at-period-end', 'now-without-credit', 'now-with-credit')),
    paused_time TEXT NOT NULL CHECK (paused_time IN ('lapses', 'extends')),
    -- The dunning schedule, canonical JSON (domain: selling::dunning).
    dunning TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Sold no more; what runs goes on.
    retired_at BIGINT
);
CREATE UNIQUE INDEX plans_name ON plans (seller_id, name);

-- What a plan costs. A price is never changed: a new one begins, and a period that was billed keeps what it cost.
CREATE TABLE prices (
    id TEXT PRIMARY KEY NOT NULL,
    plan_id TEXT NOT NULL REFERENCES plans (id),
    item TEXT NOT NULL CHECK (item IN ('recurring', 'handset')),
    -- For this buyer alone; NULL for everybody.
    buyer_id TEXT REFERENCES organisations (id),
    -- From this many live subscriptions of the buyer on (volume tiers).
    from_quantity BIGINT NOT NULL CHECK (from_quantity >= 1),
    amount BIGINT NOT NULL CHECK (amount >= 0),
    -- Civil dates, half-open; NULL: until further notice.
    valid_from TEXT NOT NULL,
    valid_until TEXT,
    created_at BIGINT NOT NULL,
    CHECK (valid_until IS NULL OR valid_until > valid_from)
);
CREATE INDEX prices_plan ON prices (plan_id, item, id);

-- A buyer as one seller knows it, in one currency.
CREATE TABLE billing_accounts (
    id TEXT PRIMARY KEY NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (organisation_id),
    buyer_id TEXT NOT NULL REFERENCES organisations (id),
    party_id TEXT NOT NULL REFERENCES parties (id),
    -- A taxable person (art. 9), who owes the tax under reverse charge; else a consumer.
    business BIGINT NOT NULL CHECK (business IN (0, 1)),
    currency TEXT NOT NULL,
    -- IANA name. In it the buyer's periods are counted.
    zone TEXT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('en', 'fr')),
    terms_days BIGINT NOT NULL CHECK (terms_days BETWEEN 0 AND 365),
    -- 'invoice': pays within its terms. 'prepaid': is charged from its credit, as far as that reaches.
    payment TEXT NOT NULL CHECK (payment IN ('invoice', 'prepaid')),
    -- What the seller holds of the buyer's money, and how far below zero it may go. The one cached balance there is: charges
    -- that run side by side are guarded by it, and a nightly job compares it with the transfers.
    credit BIGINT NOT NULL,
    credit_limit BIGINT NOT NULL CHECK (credit_limit >= 0),
    -- How many of its subscriptions are live: chooses the volume tier.
    live_subscriptions BIGINT NOT NULL CHECK (live_subscriptions >= 0),
    created_at BIGINT NOT NULL,
    CHECK (credit >= -credit_limit)
);
CREATE UNIQUE INDEX billing_accounts_buyer ON billing_accounts (seller_id, buyer_id, currency);
CREATE INDEX billing_accounts_of_buyer ON billing_accounts (buyer_id, id);

CREATE TABLE subscriptions (
    id TEXT PRIMARY KEY NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (organisation_id),
    buyer_id TEXT NOT NULL REFERENCES organisations (id),
    billing_account_id TEXT NOT NULL REFERENCES billing_accounts (id),
    plan_id TEXT NOT NULL REFERENCES plans (id),
    -- NULL: sold and not yet on a phone.
    device_id TEXT REFERENCES devices (id),
    -- The subscription's own axis. Collection and entitlement are derived.
    life TEXT NOT NULL CHECK (life IN ('pending', 'trialing', 'active', 'paused', 'canceled', 'expired')),
    -- Periods are counted from here (civil date in the account's zone), never from the one before: the period with index
    -- `anchor_index` begins at the anchor, the next one an interval later, and so on. A new anchor (after a pause, or with
    -- another interval) has the next free index, so that an index means one period for ever.
    anchor TEXT NOT NULL,
    anchor_index BIGINT NOT NULL CHECK (anchor_index >= 0),
    -- The index of the period that is billed next; a change of zone may leave one out.
    next_index BIGINT NOT NULL CHECK (next_index >= anchor_index),
    -- When the next period begins and is billed; NULL: nothing more is billed (paused, canceled, expired).
    next_start_at BIGINT,
    -- The end of the last billed period; NULL before the first.
    covered_until BIGINT,
    -- Ends when the running period does.
    cancel_at_end BIGINT NOT NULL CHECK (cancel_at_end IN (0, 1)),
    -- The plan of the next period, if it is another.
    next_plan_id TEXT REFERENCES plans (id),
    -- The stage of dunning that was last reached and on which day. What holds is derived from what is owed; this says from where
    -- it is reached, so that nobody is ended who was not suspended first.
    reached TEXT NOT NULL CHECK (reached IN ('current', 'past-due', 'grace', 'suspended', 'terminated')),
    reached_on TEXT NOT NULL,
    -- Set aside by the renewal job because billing it failed; a person looks at it.
    parked_at BIGINT,
    parked_because TEXT,
    -- What the phone was last told for this subscription's sake, and until when a suspension holds.
    ordered TEXT NOT NULL CHECK (ordered IN ('nothing', 'suspended', 'full')),
    ordered_until BIGINT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX subscriptions_due ON subscriptions (next_start_at, id) WHERE next_start_at IS NOT NULL AND parked_at IS NULL;
CREATE INDEX subscriptions_parked ON subscriptions (seller_id, id) WHERE parked_at IS NOT NULL;
CREATE INDEX subscriptions_seller ON subscriptions (seller_id, id);
CREATE INDEX subscriptions_account ON subscriptions (billing_account_id, id);
CREATE INDEX subscriptions_device ON subscriptions (device_id, id) WHERE device_id IS NOT NULL;

CREATE TABLE invoices (
    id TEXT PRIMARY KEY NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (organisation_id),
    buyer_id TEXT NOT NULL REFERENCES organisations (id),
    billing_account_id TEXT NOT NULL REFERENCES billing_accounts (id),
    kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit-note')),
    series TEXT NOT NULL,
    year BIGINT NOT NULL,
    number BIGINT NOT NULL CHECK (number >= 1),
    -- Civil dates in the account's zone, which is frozen beside them.
    issue_date TEXT NOT NULL,
    due_date TEXT NOT NULL,
    zone TEXT NOT NULL,
    language TEXT NOT NULL,
    currency TEXT NOT NULL,
    net BIGINT NOT NULL CHECK (net >= 0),
    vat BIGINT NOT NULL CHECK (vat >= 0),
    total BIGINT NOT NULL,
    seller_party_id TEXT NOT NULL REFERENCES parties (id),
    buyer_party_id TEXT NOT NULL REFERENCES parties (id),
    -- The invoice that a credit note corrects.
    corrects_id TEXT REFERENCES invoices (id),
    created_at BIGINT NOT NULL,
    CHECK (total = net + vat),
    CHECK ((kind = 'credit-note') = (corrects_id IS NOT NULL))
);
CREATE UNIQUE INDEX invoices_number ON invoices (seller_id, series, year, number);
CREATE INDEX invoices_account ON invoices (billing_account_id, id);
CREATE INDEX invoices_corrects ON invoices (corrects_id) WHERE corrects_id IS NOT NULL;

CREATE TABLE invoice_lines (
    invoice_id TEXT NOT NULL REFERENCES invoices (id),
    position BIGINT NOT NULL CHECK (position >= 1),
    subscription_id TEXT REFERENCES subscriptions (id),
    -- recurring, handset, proration, other: what it is, in figures and in the journal.
    product TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Below zero where something is taken back within an invoice; the price never is (BR-27).
    quantity BIGINT NOT NULL CHECK (quantity <> 0),
    unit_price BIGINT NOT NULL CHECK (unit_price >= 0),
    net BIGINT NOT NULL,
    -- EN 16931 (UNTDID 5305), and the rate in hundredths of a percent.
    vat_category TEXT NOT NULL CHECK (vat_category IN ('S', 'Z', 'E', 'AE', 'K', 'G', 'O')),
    vat_rate BIGINT NOT NULL CHECK (vat_rate BETWEEN 0 AND 10000),
    -- The time it is for, civil dates, half-open; NULL for goods.
    from_date TEXT,
    until_date TEXT,
    PRIMARY KEY (invoice_id, position)
);

-- The time a subscription was billed for. No two overlap, and the database sees to it without looking at two rows: each
-- period names the end of the one before, which must exist, and no two name the same.
CREATE TABLE subscription_periods (
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    period_index BIGINT NOT NULL CHECK (period_index >= 0),
    previous_end_at BIGINT,
    -- Half-open.
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    start_date TEXT NOT NULL,
    end_date TEXT NOT NULL,
    -- As it was when the period was billed.
    zone TEXT NOT NULL,
    plan_id TEXT NOT NULL REFERENCES plans (id),
    invoice_id TEXT NOT NULL REFERENCES invoices (id),
    PRIMARY KEY (subscription_id, period_index),
    UNIQUE (subscription_id, end_at),
    UNIQUE (subscription_id, previous_end_at),
    FOREIGN KEY (subscription_id, previous_end_at) REFERENCES subscription_periods (subscription_id, end_at),
    CHECK (end_at > start_at),
    CHECK (previous_end_at IS NULL OR start_at >= previous_end_at),
    CHECK (previous_end_at IS NOT NULL OR period_index = 0)
);

-- What is still owed on an invoice. The narrow, hot side of it: only open ones are in the indexes.
CREATE TABLE receivables (
    invoice_id TEXT PRIMARY KEY NOT NULL REFERENCES invoices (id),
    seller_id TEXT NOT NULL REFERENCES sellers (organisation_id),
    billing_account_id TEXT NOT NULL REFERENCES billing_accounts (id),
    currency TEXT NOT NULL,
    due_date TEXT NOT NULL,
    open BIGINT NOT NULL CHECK (open >= 0)
);
CREATE INDEX receivables_account ON receivables (billing_account_id, due_date, invoice_id) WHERE open > 0;
CREATE INDEX receivables_due ON receivables (seller_id, due_date, invoice_id) WHERE open > 0;

-- The ledger: double entry, one row a transfer, so that every row sums to zero by what it is. Appended, never changed.
CREATE TABLE transfers (
    id TEXT PRIMARY KEY NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (organisation_id),
    -- Names of accounts (domain: selling::ledger): receivable:<billing account>, revenue:recurring, vat:FR:2000, bank …
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    -- The invoice, payment, refund or write-off it belongs to.
    document_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    CHECK (debit <> credit)
);
CREATE INDEX transfers_debit ON transfers (seller_id, debit, id);
CREATE INDEX transfers_credit ON transfers (seller_id, credit, id);
CREATE INDEX transfers_document ON transfers (document_id);

CREATE TABLE payments (
    id TEXT PRIMARY KEY NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (organisation_id),
    billing_account_id TEXT NOT NULL REFERENCES billing_accounts (id),
    -- payment: money in. refund: money back. write-off: given up, by an owner.
    kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund', 'write-off')),
    source TEXT NOT NULL CHECK (source IN ('hand', 'statement', 'provider')),
    -- What the source calls it: the same one twice is the same payment.
    source_key TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    received_on TEXT NOT NULL,
    note TEXT NOT NULL,
    -- Looks like one that is already there (same amount and reference): a person should look at it.
    doubtful BIGINT NOT NULL CHECK (doubtful IN (0, 1)),
    recorded_by TEXT NOT NULL,
    recorded_by_name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX payments_source ON payments (seller_id, source, source_key);
CREATE INDEX payments_account ON payments (billing_account_id, id);

-- Which part of a payment, or of a credit note, settled which invoice.
CREATE TABLE allocations (
    id TEXT PRIMARY KEY NOT NULL,
    invoice_id TEXT NOT NULL REFERENCES invoices (id),
    payment_id TEXT REFERENCES payments (id),
    credit_note_id TEXT REFERENCES invoices (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    created_at BIGINT NOT NULL
);
CREATE INDEX allocations_invoice ON allocations (invoice_id, id);
CREATE INDEX allocations_payment ON allocations (payment_id, id) WHERE payment_id IS NOT NULL;

-- Bank statements that were read in (CAMT.053), and their entries.
CREATE TABLE bank_statements (
    id TEXT PRIMARY KEY NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (organisation_id),
    iban TEXT NOT NULL,
    -- The bank's own identification of the statement.
    statement_key TEXT NOT NULL,
    from_date TEXT,
    until_date TEXT,
    entries BIGINT NOT NULL,
    imported_by_name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX bank_statements_key ON bank_statements (seller_id, iban, statement_key);

CREATE TABLE bank_entries (
    id TEXT PRIMARY KEY NOT NULL,
    statement_id TEXT NOT NULL REFERENCES bank_statements (id),
    seller_id TEXT NOT NULL REFERENCES sellers (organisation_id),
    -- The bank's reference, or one made of what the entry says and its place among its likes.
    entry_key TEXT NOT NULL,
    booked_on TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    payer TEXT NOT NULL,
    reference TEXT NOT NULL,
    -- booked: became a payment. suggested: an account is proposed. open: nobody knows. ignored: a person said so.
    state TEXT NOT NULL CHECK (state IN ('booked', 'suggested', 'open', 'ignored')),
    suggested_account_id TEXT REFERENCES billing_accounts (id),
    payment_id TEXT REFERENCES payments (id)
);
CREATE UNIQUE INDEX bank_entries_key ON bank_entries (seller_id, entry_key);
CREATE INDEX bank_entries_open ON bank_entries (seller_id, id) WHERE state IN ('suggested', 'open');
CREATE INDEX bank_entries_statement ON bank_entries (statement_id, id);

-- Every letter there is to write: notices, invoices, reminders. The key is what it is about, so that none goes out twice.
CREATE TABLE letters (
    id TEXT PRIMARY KEY NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (organisation_id),
    billing_account_id TEXT NOT NULL REFERENCES billing_accounts (id),
    kind TEXT NOT NULL CHECK (kind IN ('renewal-notice', 'invoice', 'credit-note', 'reminder', 'past-due', 'suspended', 'thank-you',
        'ended')),
    letter_key TEXT NOT NULL UNIQUE,
    invoice_id TEXT REFERENCES invoices (id),
    subscription_id TEXT REFERENCES subscriptions (id),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'written', 'skipped')),
    created_at BIGINT NOT NULL,
    -- The mail it became.
    mail_id TEXT REFERENCES mail_outbox (id)
);
CREATE INDEX letters_waiting ON letters (created_at, id) WHERE state = 'waiting';
CREATE INDEX letters_account ON letters (billing_account_id, id);
