-- How lists and forms look here, as operators chose it (DOC-10); operator '' = everyone at this station.
CREATE TABLE own_view (
    name TEXT NOT NULL, operator TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (name, operator)
) WITHOUT ROWID, STRICT;

-- Hidden columns of the lists of documents (DOC-11): the recipient where he is not the buyer, attributes as JSON.
ALTER TABLE document ADD COLUMN recipient_name TEXT NOT NULL DEFAULT '';
ALTER TABLE document ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';
