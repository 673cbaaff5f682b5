-- The protocol versions that the server offered when the device last heard of them; NULL: before its first answer.
ALTER TABLE devices ADD COLUMN offered_versions text;
