-- Who uses the gateway, with which devices. Every row of every table hangs on an account.

CREATE TABLE accounts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Name of the mail domain in the configuration.
  domain text NOT NULL,
  -- Login name in its canonical spelling.
  login text NOT NULL,
  email text NOT NULL,
  -- Rises with each change of the folder hierarchy.
  hierarchy_revision bigint NOT NULL DEFAULT 1,
  -- The next folder's serial; serials are never given twice.
  next_serial int NOT NULL DEFAULT 1,
  created timestamptz NOT NULL DEFAULT now(),
  last_seen timestamptz NOT NULL DEFAULT now(),
  format smallint NOT NULL DEFAULT 1,
  UNIQUE (domain, login)
);

CREATE TABLE devices (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  -- DeviceId of the wire in its canonical spelling: the same in both forms of the query.
  device_id text NOT NULL,
  device_type text NOT NULL DEFAULT '',
  user_agent text NOT NULL DEFAULT '',
  protocol_version text NOT NULL DEFAULT '',
  address text NOT NULL DEFAULT '',
  -- DeviceInformation (MS-ASCMD 2.2.3.45), as the device last told it.
  model text,
  friendly_name text,
  os text,
  os_language text,
  phone_number text,
  imei text,
  mobile_operator text,
  outbound_sms boolean,
  -- Policy keys are 32 bits, unsigned (MS-ASPROV 2.2.2.42).
  policy_key bigint,
  pending_policy_key bigint,
  policy_state text NOT NULL DEFAULT 'none'
    CHECK (policy_state IN ('none', 'requested', 'acknowledged', 'partly', 'refused', 'external')),
  provisioned_at timestamptz,
  access text NOT NULL DEFAULT 'allowed' CHECK (access IN ('allowed', 'blocked', 'quarantined')),
  -- Rises with each new Ping or held Sync: holders of a lower one end.
  wait_epoch bigint NOT NULL DEFAULT 0,
  -- Last complete Ping and Sync requests, for those that leave their parameters out. Not jsonb: it refuses
  -- signs that a device may send.
  ping_parameters json,
  sync_request json,
  -- A probe of a client's set-up ("validate"), not a device.
  transient boolean NOT NULL DEFAULT false,
  first_seen timestamptz NOT NULL DEFAULT now(),
  last_seen timestamptz NOT NULL DEFAULT now(),
  format smallint NOT NULL DEFAULT 1,
  UNIQUE (account_id, device_id)
);

CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  device_id bigint REFERENCES devices ON DELETE SET NULL,
  at timestamptz NOT NULL,
  event text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}'
);

CREATE INDEX audit_of_account ON audit (account_id, id DESC);
CREATE INDEX audit_of_device ON audit (device_id, id DESC);

-- Items that could not be shown to a device; the rest of their folder syncs.
CREATE TABLE skipped_items (
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  device_id bigint NOT NULL REFERENCES devices ON DELETE CASCADE,
  collection_id text NOT NULL,
  number bigint NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (device_id, collection_id, number)
);

CREATE INDEX skipped_items_of_account ON skipped_items (account_id);
