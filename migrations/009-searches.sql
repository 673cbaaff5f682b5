-- What the last search of each device found, for those who read on in it.
CREATE TABLE searches (
  device_id bigint PRIMARY KEY REFERENCES devices ON DELETE CASCADE,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  -- Hash of a Find's SearchId; null for a Search.
  search_id text,
  -- Hash of what was looked for and where.
  query text NOT NULL,
  at timestamptz NOT NULL,
  total int NOT NULL,
  -- The newest mails first.
  long_ids text[] NOT NULL,
  format smallint NOT NULL DEFAULT 1
);

CREATE INDEX searches_of_account ON searches (account_id);
