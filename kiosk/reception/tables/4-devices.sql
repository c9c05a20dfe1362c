-- Kiosks that may come in at the kiosk door, one row a public key; and pairings that wait for their digits to be compared.
CREATE TABLE device(
  key_hash TEXT PRIMARY KEY,
  kiosk_id TEXT NOT NULL,
  not_before TEXT NOT NULL,
  not_after TEXT NOT NULL,
  paired_at TEXT NOT NULL,
  paired_by TEXT NOT NULL,
  replaces TEXT,
  seen_at TEXT,
  revoked_at TEXT,
  revoked_by TEXT
) STRICT;
CREATE INDEX device_by_kiosk ON device(kiosk_id, paired_at);
CREATE TRIGGER device_stays_who_it_is BEFORE UPDATE OF key_hash, kiosk_id, paired_at, paired_by
  ON device BEGIN SELECT RAISE(ABORT, 'a device stays the one that was paired'); END;
CREATE TABLE pairing(
  pairing_id TEXT PRIMARY KEY,
  opened_at TEXT NOT NULL,
  address TEXT NOT NULL,
  kiosk_id TEXT NOT NULL,
  csr BLOB NOT NULL,
  committed TEXT NOT NULL,
  reception_nonce TEXT NOT NULL,
  server_certificate BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'committed' CHECK (state IN ('committed', 'comparing', 'accepted', 'refused', 'broken')),
  digits TEXT,
  certificate TEXT
) STRICT;
CREATE INDEX pairing_by_time ON pairing(opened_at);
