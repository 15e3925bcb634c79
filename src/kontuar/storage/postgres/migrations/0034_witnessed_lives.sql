-- How far the witness of a restored till had seen its earlier life come; what head office never got of it by now was
-- only on the old disk (REL-02).
CREATE TABLE witnessed_life (
    store text NOT NULL, origin text NOT NULL, incarnation text NOT NULL, seq bigint NOT NULL,
    PRIMARY KEY (store, origin, incarnation)
);
