-- Which life of its station a stream is (the certificate's ordinal, 0 = not learned yet), and whether its first message
-- says that it is a new life, which closes all earlier ones (REL-13).
ALTER TABLE stream ADD COLUMN ordinal integer NOT NULL DEFAULT 0;
ALTER TABLE stream ADD COLUMN opened boolean NOT NULL DEFAULT false;
