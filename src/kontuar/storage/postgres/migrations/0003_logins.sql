-- Logins at the hub: tokens are stored hashed only.
CREATE TABLE hub_login (
    token_hash bytea PRIMARY KEY,
    login_id text NOT NULL UNIQUE,
    operator text NOT NULL,
    bootstrap boolean NOT NULL DEFAULT false,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX hub_login_by_operator ON hub_login (operator);

-- Wrong PINs in a row, by the operator's code as it was typed.
CREATE TABLE hub_login_failure (
    operator text PRIMARY KEY,
    failures integer NOT NULL,
    blocked_until timestamptz NOT NULL,
    last_at timestamptz NOT NULL
);

-- The administrator code of the first start, until operators are defined.
CREATE TABLE hub_bootstrap (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    code_hash bytea NOT NULL,
    used_at timestamptz NULL
);
