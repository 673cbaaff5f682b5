-- The dates and reminders of a mail's flag: mail servers keep only that it is flagged.
CREATE TABLE follow_ups (
  account_id bigint NOT NULL,
  collection integer NOT NULL,
  epoch text NOT NULL,
  number bigint NOT NULL,
  -- The Flag element without its Status; null: the flag was cleared, or says nothing beside its status.
  flag jsonb,
  -- Rises with each change: devices see by it that there is something new to tell.
  revision integer NOT NULL,
  -- Whether the mail server knows of the change; what was never confirmed is written there once more.
  marked boolean NOT NULL,
  format smallint NOT NULL DEFAULT 1,
  PRIMARY KEY (account_id, collection, epoch, number),
  FOREIGN KEY (account_id, collection) REFERENCES collections (account_id, serial) ON DELETE CASCADE
);
