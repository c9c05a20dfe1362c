-- Programs that may read the feed, each with a token of which only the hash is kept (kiosk.reception.machines).
CREATE TABLE machine(
  name TEXT PRIMARY KEY,
  token_hash TEXT NOT NULL UNIQUE,
  made_at TEXT NOT NULL,
  revoked_at TEXT
) STRICT;
