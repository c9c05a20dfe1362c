-- Days that the desk has closed, and what was still open then (kiosk.reception.day_closing).
CREATE TABLE day_closing(
  day TEXT PRIMARY KEY,
  closed_at TEXT NOT NULL,
  closed_by TEXT NOT NULL,
  left_open INTEGER NOT NULL,
  left_unsent INTEGER NOT NULL
) STRICT;
