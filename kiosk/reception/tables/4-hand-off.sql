-- What is handed to the claims computer: one row an answer, in the order of arrival (kiosk.reception.hand_off).
CREATE TABLE hand_off(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  checkin_id TEXT NOT NULL,
  answer TEXT NOT NULL CHECK (answer IN ('first', 'later')),
  receipt INTEGER NOT NULL,
  queued_at TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'named', 'ready', 'written', 'taken', 'refused', 'nothing')),
  file TEXT,
  gaiji INTEGER NOT NULL DEFAULT 0 CHECK (gaiji IN (0, 1)),
  reason TEXT,
  written_at TEXT,
  settled_at TEXT,
  UNIQUE(checkin_id, answer)
) STRICT;
CREATE INDEX hand_off_by_receipt ON hand_off(receipt);
CREATE INDEX hand_off_open ON hand_off(seq) WHERE state IN ('queued', 'named', 'ready', 'written');
