-- Who may sign in, how, and who is signed in (kiosk.reception.accounts, session, limits).
CREATE TABLE account(
  staff_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('reception', 'qualified', 'administrator', 'auditor')),
  password TEXT,
  totp BLOB,
  totp_step INTEGER NOT NULL DEFAULT 0,
  kiosk_code TEXT NOT NULL UNIQUE,
  kiosk_pin TEXT,
  made_at TEXT NOT NULL,
  disabled_at TEXT
) STRICT;
CREATE TABLE passkey(
  credential_id TEXT PRIMARY KEY,
  staff_id TEXT NOT NULL REFERENCES account(staff_id),
  public_key BLOB NOT NULL,
  sign_count INTEGER NOT NULL,
  added_at TEXT NOT NULL
) STRICT;
CREATE TABLE link(
  token_hash TEXT PRIMARY KEY,
  staff_id TEXT NOT NULL REFERENCES account(staff_id),
  purpose TEXT NOT NULL CHECK (purpose IN ('enrol', 'sign_in')),
  totp BLOB,
  expires_at TEXT NOT NULL
) STRICT;
CREATE TABLE staff_session(
  session_hash TEXT PRIMARY KEY,
  staff_id TEXT NOT NULL REFERENCES account(staff_id),
  began_at TEXT NOT NULL,
  seen_at TEXT NOT NULL
) STRICT;
CREATE TABLE attempt(
  what TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  wait_until TEXT NOT NULL,
  last_at TEXT NOT NULL
) STRICT;
CREATE TABLE used_challenge(challenge TEXT PRIMARY KEY, used_at TEXT NOT NULL) STRICT;
