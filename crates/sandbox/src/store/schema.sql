-- The sandbox's database. Money is in whole cents, timestamps are UTC text with six digits (so that text order is time
-- order), booleans are 0 or 1, `attributes` is the JSON of fields that nothing filters on.

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- How many opaque strings of each purpose were given out.
CREATE TABLE counters (
    purpose TEXT PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT;

-- Issuance -----------------------------------------------------------------------------------------------------------

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_sha256 TEXT,
    first_name TEXT NOT NULL DEFAULT '',
    last_name TEXT NOT NULL DEFAULT '',
    company_name TEXT NOT NULL DEFAULT '',
    phone TEXT NOT NULL DEFAULT '',
    country TEXT NOT NULL DEFAULT 'US',
    is_investor INTEGER NOT NULL DEFAULT 0,
    is_issuer INTEGER NOT NULL DEFAULT 0,
    is_active INTEGER NOT NULL DEFAULT 1,
    date_joined TEXT NOT NULL,
    last_login TEXT
) STRICT;

CREATE TABLE tokens (
    token TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL,
    expiry TEXT NOT NULL
) STRICT;

CREATE TABLE entities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    first_name TEXT,
    last_name TEXT,
    company_name TEXT,
    email TEXT,
    phone TEXT,
    date_of_birth TEXT,
    tax_id_number TEXT,
    street_address_1 TEXT,
    street_address_2 TEXT,
    city TEXT,
    state TEXT,
    region TEXT,
    postal_code TEXT,
    country TEXT,
    kyc_status TEXT NOT NULL DEFAULT 'unverified',
    number_kyc_failed INTEGER NOT NULL DEFAULT 0,
    attributes TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE TABLE issuers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entity_id INTEGER NOT NULL REFERENCES entities (id),
    third_party_management INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE offerings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    issuer_id INTEGER NOT NULL REFERENCES issuers (id),
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    description TEXT NOT NULL,
    security_type TEXT NOT NULL,
    unit_price_cents INTEGER NOT NULL,
    number_of_shares INTEGER NOT NULL,
    min_investment_cents INTEGER NOT NULL,
    max_investment_cents INTEGER NOT NULL,
    minimum_wire_cents INTEGER NOT NULL,
    administrative_fee_percent TEXT NOT NULL,
    card_fee_percent TEXT NOT NULL,
    accredited_only INTEGER NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    opened_at TEXT NOT NULL
) STRICT;

CREATE TABLE investors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    entity_id INTEGER NOT NULL REFERENCES entities (id),
    individual_entity_id INTEGER REFERENCES entities (id),
    type TEXT NOT NULL,
    receive_sms INTEGER NOT NULL DEFAULT 0,
    receive_emails INTEGER NOT NULL DEFAULT 0,
    last_failed_payment_investment INTEGER,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE investments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    offering_id INTEGER NOT NULL REFERENCES offerings (id),
    investor_id INTEGER NOT NULL REFERENCES investors (id),
    quantity INTEGER NOT NULL,
    unit_price_cents INTEGER NOT NULL,
    shares_cents INTEGER NOT NULL,
    fees_cents INTEGER NOT NULL,
    processing_fees_cents INTEGER NOT NULL,
    amount_cents INTEGER NOT NULL,
    status TEXT NOT NULL,
    requested_payment_method TEXT,
    payment_method TEXT,
    payment_intent_id TEXT NOT NULL UNIQUE,
    payment_intent_secret TEXT NOT NULL,
    charges_count INTEGER NOT NULL DEFAULT 0,
    wirepayment INTEGER,
    reference_id TEXT NOT NULL UNIQUE,
    has_investor_signed INTEGER NOT NULL DEFAULT 0,
    is_entity_submitted INTEGER NOT NULL DEFAULT 0,
    is_approved INTEGER,
    processing_issue_statuses TEXT NOT NULL DEFAULT '',
    refund_status TEXT,
    attributes TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    processed_at TEXT
) STRICT;

-- Every status an investment had, oldest first.
CREATE TABLE investment_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    investment_id INTEGER NOT NULL REFERENCES investments (id),
    status TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE invoices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    investment_id INTEGER NOT NULL UNIQUE REFERENCES investments (id),
    number TEXT NOT NULL,
    account_number TEXT NOT NULL,
    bank_name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    routing_number TEXT NOT NULL,
    swift_code TEXT NOT NULL,
    beneficiary_name TEXT NOT NULL,
    beneficiary_address TEXT NOT NULL
) STRICT;

CREATE TABLE kyb_documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entity_id INTEGER NOT NULL REFERENCES entities (id),
    type TEXT NOT NULL,
    side TEXT NOT NULL,
    verified INTEGER NOT NULL DEFAULT 0,
    file_name TEXT,
    content BLOB,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE signatures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    investment_id INTEGER NOT NULL REFERENCES investments (id),
    investor_signature_text TEXT,
    investor_signature_date TEXT,
    document_name TEXT NOT NULL,
    document_version INTEGER NOT NULL,
    investor_title TEXT,
    signing_token TEXT NOT NULL UNIQUE,
    signed_at TEXT,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE verification_entities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entity_id INTEGER NOT NULL REFERENCES entities (id),
    status TEXT NOT NULL,
    provider TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE id_uploads (
    token TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL,
    uploaded_at TEXT
) STRICT, WITHOUT ROWID;

-- VerifyInvestor -----------------------------------------------------------------------------------------------------

CREATE TABLE vi_users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    created_at TEXT NOT NULL
) STRICT;

-- A user's consent, one per portal; the issuer's own has the portal name ''.
CREATE TABLE vi_authorizations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES vi_users (id),
    portal_name TEXT NOT NULL DEFAULT '',
    identifier TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (user_id, portal_name),
    UNIQUE (portal_name, identifier)
) STRICT;

CREATE TABLE vi_legal_names (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    authorization_id INTEGER NOT NULL REFERENCES vi_authorizations (id),
    legal_name TEXT NOT NULL,
    normalized TEXT NOT NULL,
    UNIQUE (authorization_id, normalized)
) STRICT;

CREATE TABLE vi_requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES vi_users (id),
    type TEXT,
    status TEXT NOT NULL,
    portal_name TEXT,
    deal_name TEXT,
    legal_name TEXT NOT NULL,
    normalized_name TEXT NOT NULL,
    redirect_url TEXT,
    webhook_url TEXT,
    issuer_email TEXT,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    completed_at TEXT,
    verified_expires_at TEXT
) STRICT;

CREATE TABLE vi_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id INTEGER NOT NULL REFERENCES vi_requests (id),
    status TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE vi_invitations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id INTEGER REFERENCES vi_requests (id),
    portal_name TEXT,
    deal_name TEXT,
    suggested_legal_name TEXT,
    email TEXT NOT NULL,
    type TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

-- Webhooks: written in the transaction of the event, sent afterwards. Each receiver (host and port)
-- has a queue in the order of position; a knob may have dropped, delayed or reordered a delivery.
CREATE TABLE webhook_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id INTEGER NOT NULL REFERENCES vi_requests (id),
    url TEXT NOT NULL,
    receiver TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body TEXT NOT NULL,
    signature TEXT NOT NULL,
    forged INTEGER NOT NULL,
    state TEXT NOT NULL,
    effect TEXT,
    delay_milliseconds INTEGER,
    duplicate_of INTEGER REFERENCES webhook_deliveries (id),
    position INTEGER NOT NULL,
    response_status INTEGER,
    error TEXT,
    created_at TEXT NOT NULL,
    finished_at TEXT
) STRICT;

CREATE TABLE webhook_attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id INTEGER NOT NULL REFERENCES webhook_deliveries (id),
    response_status INTEGER,
    error TEXT,
    at TEXT NOT NULL
) STRICT;
