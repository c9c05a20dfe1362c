-- What stands in the board's trouble lane until it is over, told by whoever notices it (kiosk.reception.troubles).
CREATE TABLE trouble(
  kind TEXT NOT NULL,
  about TEXT NOT NULL,
  since TEXT NOT NULL,
  sentence TEXT NOT NULL,
  what_to_do TEXT NOT NULL,
  PRIMARY KEY(kind, about)
) STRICT;
