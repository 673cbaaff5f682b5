-- What a device did last with a mail: mail servers keep only that it was answered or forwarded, not when, and not
-- to whom.
CREATE TABLE verbs (
  account_id bigint NOT NULL,
  collection integer NOT NULL,
  epoch text NOT NULL,
  number bigint NOT NULL,
  -- MS-ASEMAIL 2.2.2.44: 1 reply to sender, 2 reply to all, 3 forward.
  verb smallint NOT NULL,
  executed timestamptz NOT NULL,
  -- 1 to 7, another one at each change: other devices see by it that there is something new to tell.
  stamp smallint NOT NULL,
  format smallint NOT NULL DEFAULT 1,
  PRIMARY KEY (account_id, collection, epoch, number),
  FOREIGN KEY (account_id, collection) REFERENCES collections (account_id, serial) ON DELETE CASCADE
);
