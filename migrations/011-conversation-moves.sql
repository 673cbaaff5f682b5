-- By its Message-ID a mail of a conversation is looked for on the mail server; null where it cannot be looked for,
-- and for messages that were shown before this was kept.
ALTER TABLE conversations ADD COLUMN message_id text;
CREATE INDEX conversations_id ON conversations (account_id, conversation_id);

-- Where later mail of a conversation goes (MoveAlways, MS-ASCON 3.1.4.6).
CREATE TABLE conversation_rules (
  account_id bigint NOT NULL,
  conversation_id bytea NOT NULL,
  collection integer NOT NULL,
  created timestamptz NOT NULL,
  format smallint NOT NULL DEFAULT 1,
  PRIMARY KEY (account_id, conversation_id),
  FOREIGN KEY (account_id, collection) REFERENCES collections (account_id, serial) ON DELETE CASCADE
);
