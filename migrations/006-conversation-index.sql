-- ConversationIndex of the message as it was shown; null for those shown before this was kept.
ALTER TABLE conversations ADD COLUMN conversation_index bytea;
