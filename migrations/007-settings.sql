-- What users set from their devices: out of office texts, and the password by which a locked device opens.

CREATE TABLE out_of_office (
  account_id bigint PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
  -- MS-ASCMD 2.2.3.124: 0 off, 1 on, 2 between start_at and end_at.
  state smallint NOT NULL CHECK (state IN (0, 1, 2)),
  start_at timestamptz,
  end_at timestamptz,
  format smallint NOT NULL DEFAULT 1
);

CREATE TABLE out_of_office_messages (
  account_id bigint NOT NULL REFERENCES out_of_office ON DELETE CASCADE,
  audience text NOT NULL CHECK (audience IN ('internal', 'externalKnown', 'externalUnknown')),
  enabled boolean NOT NULL,
  body_type text NOT NULL CHECK (body_type IN ('Text', 'HTML')),
  -- '': none.
  reply text NOT NULL,
  format smallint NOT NULL DEFAULT 1,
  PRIMARY KEY (account_id, audience)
);

-- Sealed with the operator's key; NULL: the device gave none.
ALTER TABLE devices ADD COLUMN recovery_password bytea;
