-- Whether an arrival at the official reader is one that could not be read.
ALTER TABLE reader_arrival ADD COLUMN failed INTEGER NOT NULL DEFAULT 0 CHECK (failed IN (0, 1));
