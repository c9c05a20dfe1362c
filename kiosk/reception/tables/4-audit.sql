-- The chain, and where each kiosk last saw its end (kiosk.reception.audit).
ALTER TABLE audit ADD COLUMN note TEXT;
ALTER TABLE audit ADD COLUMN hash TEXT NOT NULL DEFAULT '';
CREATE TABLE witness(
  kiosk_id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  seen_at TEXT NOT NULL
) STRICT;
