-- What rows are found and joined by, repeated from what was kept (kiosk.reception.searching, revisits, day_sums).
-- Of a check-in that joined an earlier one of its card and day, first_id is the earlier one, which came again at came_at.
ALTER TABLE checkin ADD COLUMN day TEXT NOT NULL DEFAULT '';
ALTER TABLE checkin ADD COLUMN number TEXT NOT NULL DEFAULT '';
ALTER TABLE checkin ADD COLUMN kana TEXT NOT NULL DEFAULT '';
ALTER TABLE checkin ADD COLUMN simulated INTEGER NOT NULL DEFAULT 0 CHECK (simulated IN (0, 1));
ALTER TABLE checkin ADD COLUMN first_id TEXT NOT NULL DEFAULT '';
ALTER TABLE checkin ADD COLUMN came_at TEXT NOT NULL DEFAULT '';
CREATE INDEX checkin_by_day ON checkin(day, receipt);
CREATE INDEX checkin_by_card_on_day ON checkin(card, day);
CREATE INDEX checkin_by_kiosk ON checkin(kiosk_id, receipt);
CREATE INDEX checkin_by_number ON checkin(number, receipt) WHERE number != '';
CREATE INDEX checkin_by_kana ON checkin(kana) WHERE kana != '';
CREATE INDEX checkin_by_first ON checkin(first_id) WHERE first_id != '';
ALTER TABLE reader_arrival ADD COLUMN kana TEXT NOT NULL DEFAULT '';
CREATE INDEX reader_arrival_by_kana ON reader_arrival(kana) WHERE kana != '';
CREATE INDEX reader_arrival_by_day ON reader_arrival(day);
