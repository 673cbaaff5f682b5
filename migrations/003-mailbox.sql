-- Folders of an account as devices know them. A deleted folder stays as a tombstone, so that every
-- device can be told; its serial is never given to another (accounts.next_serial).
CREATE TABLE collections (
  account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  serial integer NOT NULL,
  -- Path on the mail server; '' while a special folder has none there.
  path text NOT NULL,
  -- 0: at the top.
  parent_serial integer NOT NULL,
  display_name text NOT NULL,
  -- MS-ASCMD 2.2.3.186.3.
  type smallint NOT NULL,
  class text NOT NULL,
  selectable boolean NOT NULL,
  -- UIDVALIDITY, '' for folders without items.
  epoch text NOT NULL,
  -- MAILBOXID or X-GUID; '' where the server has none.
  remote_key text NOT NULL,
  -- UIDNEXT as last written: a lower bound, as it only rises.
  next_uid bigint NOT NULL,
  -- accounts.hierarchy_revision of the last change that a device can see.
  revision bigint NOT NULL,
  deleted boolean NOT NULL DEFAULT false,
  format smallint NOT NULL DEFAULT 1,
  PRIMARY KEY (account_id, serial)
);

-- An edited draft has a new UID on the server and keeps its first number on devices.
CREATE TABLE aliases (
  account_id bigint NOT NULL,
  collection integer NOT NULL,
  epoch text NOT NULL,
  number bigint NOT NULL,
  uid bigint NOT NULL,
  format smallint NOT NULL DEFAULT 1,
  PRIMARY KEY (account_id, collection, epoch, number),
  UNIQUE (account_id, collection, epoch, uid),
  FOREIGN KEY (account_id, collection) REFERENCES collections (account_id, serial) ON DELETE CASCADE
);

-- What a device asked for that has effects outside this database: written before the effect.
CREATE TABLE intents (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  device_id bigint NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
  kind text NOT NULL,
  client_key text NOT NULL,
  -- Hash of the contents: another one under the same client key is another intent.
  fingerprint bytea NOT NULL,
  state text NOT NULL,
  target jsonb NOT NULL,
  -- Whoever works on it renews this; a time passed means that nobody does.
  lease_until timestamptz NOT NULL,
  lease_token uuid NOT NULL,
  -- A sent mail whose copy could not be filed in Sent yet; null in every other case.
  pending_mime bytea,
  created timestamptz NOT NULL,
  format smallint NOT NULL DEFAULT 1,
  UNIQUE (device_id, kind, client_key, fingerprint)
);
CREATE INDEX intents_created ON intents (created);
CREATE INDEX intents_account ON intents (account_id);
CREATE INDEX intents_pending ON intents (account_id) WHERE pending_mime IS NOT NULL;

-- Which conversation a message was shown in. Hash: first 16 bytes of SHA-256 of its Message-ID.
CREATE TABLE conversations (
  account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  message_hash bytea NOT NULL,
  conversation_id bytea NOT NULL,
  format smallint NOT NULL DEFAULT 1,
  PRIMARY KEY (account_id, message_hash)
);
