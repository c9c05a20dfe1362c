-- Visual checks that a staff member opened at a kiosk with code and PIN, and how each ended (kiosk.reception.staff_check).
CREATE TABLE kiosk_check(
  check_id TEXT PRIMARY KEY,
  kiosk_id TEXT NOT NULL,
  visit_id TEXT NOT NULL,
  staff_id TEXT NOT NULL,
  verified_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  outcome TEXT,
  ended_at TEXT
) STRICT;
CREATE INDEX kiosk_check_by_visit ON kiosk_check(kiosk_id, visit_id);
