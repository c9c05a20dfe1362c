-- By age, for what is erased when its time is over (kiosk.reception.forgetting).
CREATE INDEX checkin_by_age ON checkin(received_at);
CREATE INDEX reader_arrival_by_age ON reader_arrival(received_at);
CREATE INDEX command_by_age ON command(issued_at);
CREATE INDEX help_by_age ON help(received_at);
CREATE INDEX event_by_age ON event(at);
