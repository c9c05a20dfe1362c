-- The chain, and where each kiosk last saw its end (kiosk.reception.audit, witnesses).
ALTER TABLE audit ADD COLUMN note TEXT;
ALTER TABLE audit ADD COLUMN hash TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_by_day ON audit(at);
CREATE TABLE witness(
  kiosk_id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  seen_at TEXT NOT NULL,
  misfit_seq INTEGER,
  misfit_at TEXT
) STRICT;
