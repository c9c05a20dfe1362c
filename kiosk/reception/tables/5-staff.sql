-- When somebody last signed in with a passkey, so that they know which of several is which; NULL: not since this was kept.
ALTER TABLE passkey ADD COLUMN used_at TEXT;
