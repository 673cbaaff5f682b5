-- What each device has of each collection.

-- One row per partnership and collection, written at each answer: room for updates within the page.
CREATE TABLE sync_heads (
  account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  device_id bigint NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
  -- ServerId of the folder, "0" for the hierarchy.
  collection_id text NOT NULL,
  -- The sync key is {key_uuid}counter; null before the first answer to key 0.
  key_uuid uuid,
  counter integer NOT NULL,
  -- Counter of the key that the last answer answered; null when that was key 0.
  previous integer,
  -- Counts the changes under one key.
  revision integer NOT NULL,
  lease_token uuid,
  lease_until timestamptz,
  -- Epoch, segments, filter day, labels, sticky options.
  head json,
  -- The way back to the previous key, and the last answer.
  undo json,
  answer json,
  format smallint NOT NULL DEFAULT 1,
  PRIMARY KEY (account_id, device_id, collection_id)
) WITH (fillfactor = 60);

CREATE INDEX sync_heads_of_device ON sync_heads (device_id);

-- Which of 2,048 item numbers the device has, and in what version.
CREATE TABLE sync_known (
  account_id bigint NOT NULL,
  device_id bigint NOT NULL,
  collection_id text NOT NULL,
  -- Item number divided by 2,048.
  block integer NOT NULL,
  -- Starts with its format.
  items bytea NOT NULL,
  PRIMARY KEY (account_id, device_id, collection_id, block),
  FOREIGN KEY (account_id, device_id, collection_id)
    REFERENCES sync_heads (account_id, device_id, collection_id) ON DELETE CASCADE
);
