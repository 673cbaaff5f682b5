-- Who wrote the version of a draft that has this uid, by row id of `devices`; null: not known.
ALTER TABLE aliases ADD COLUMN editor bigint;
-- Where the parts of earlier versions are now: "uid:section" as devices were told them, to a section.
ALTER TABLE aliases ADD COLUMN parts jsonb NOT NULL DEFAULT '{}';
