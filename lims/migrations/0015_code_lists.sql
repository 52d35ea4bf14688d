-- What a shipment's codes and numbers could not be checked for, as it was entered, and weighings of
-- the whole parcel.
ALTER TABLE shipment ADD COLUMN unverified TEXT NOT NULL DEFAULT '[]';
CREATE TABLE shipment_weighing(
  seq INTEGER PRIMARY KEY,
  shipment TEXT NOT NULL REFERENCES shipment(number) ON DELETE RESTRICT,
  of TEXT NOT NULL CHECK(of IN ('gross','net')),
  mass_ug INTEGER NOT NULL,
  u_ug INTEGER NOT NULL,
  balance TEXT NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX shipment_weighing_of ON shipment_weighing(shipment, seq);
-- Losses are few and told in every report.
CREATE INDEX custody_loss ON custody(seq) WHERE kind IN ('lost','found');
