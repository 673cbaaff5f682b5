-- Whether a search went through all its folders: one that did not is read on in, and done anew when it is repeated.
-- Of those from before it is not known.
ALTER TABLE searches ADD COLUMN is_whole boolean NOT NULL DEFAULT false;
