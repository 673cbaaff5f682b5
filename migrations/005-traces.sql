-- What an operator watches for some minutes: at most one trace of a device, gone when its time is over.
CREATE TABLE traces (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  device_id bigint NOT NULL UNIQUE REFERENCES devices ON DELETE CASCADE,
  -- Whether contents are in it; else only their lengths.
  content boolean NOT NULL,
  until timestamptz NOT NULL,
  -- Entries that found no room.
  left_out int NOT NULL DEFAULT 0,
  format smallint NOT NULL DEFAULT 1
);
CREATE INDEX traces_of_account ON traces (account_id);

-- Requests and answers that were not printed yet: the reader takes them away.
CREATE TABLE trace_entries (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  trace_id bigint NOT NULL REFERENCES traces ON DELETE CASCADE,
  text text NOT NULL,
  format smallint NOT NULL DEFAULT 1
);
CREATE INDEX trace_entries_of_trace ON trace_entries (trace_id, id);
CREATE INDEX trace_entries_of_account ON trace_entries (account_id);

-- What a device does over and over without getting on; one row for each kind, counted.
CREATE TABLE device_loops (
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  device_id bigint NOT NULL REFERENCES devices ON DELETE CASCADE,
  kind text NOT NULL,
  -- The Status or HTTP status that the device got last; null where it was no failure.
  status int,
  count int NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  format smallint NOT NULL DEFAULT 1,
  PRIMARY KEY (device_id, kind)
);
CREATE INDEX device_loops_of_account ON device_loops (account_id);
