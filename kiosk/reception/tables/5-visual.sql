-- Check-ins whose kiosk says that somebody of the staff confirmed them by sight, where no check of that visit was ever opened.
CREATE TABLE unvouched(
  checkin_id TEXT NOT NULL PRIMARY KEY
) STRICT;
