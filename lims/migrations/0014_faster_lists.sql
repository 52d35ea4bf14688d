-- Sort keys and indexes for lists and folds that looked at every row of a lab with a long past.

-- The fold of a review asks for one finding: no partial index answers that.
DROP INDEX search_again_new;
CREATE INDEX search_again_new ON search_again(new_finding);

-- Kept by lims.fold_order as events come; for what is there already, the same from the same rows.
ALTER TABLE sample ADD COLUMN request TEXT NOT NULL DEFAULT 'drug';
ALTER TABLE sample ADD COLUMN odd INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sample ADD COLUMN began_at TEXT NOT NULL DEFAULT '';
ALTER TABLE sample ADD COLUMN bench_ms INTEGER;
ALTER TABLE shipment ADD COLUMN samples INTEGER NOT NULL DEFAULT 0;
UPDATE sample SET
  request=coalesce(nullif(json_extract(draft,'$.request'),''),'drug'),
  odd=(SELECT (instr(p.notes,'freight above goods value')>0)+(instr(p.notes,', found ')>0)
    +(instr(p.notes,'unverified')>0) FROM shipment p WHERE p.number=sample.shipment),
  began_at=coalesce((SELECT min(at) FROM (
    SELECT at FROM custody WHERE sample=sample.number AND kind='opened'
    UNION ALL SELECT at FROM portion WHERE sample=sample.number
    UNION ALL SELECT at FROM run WHERE sample=sample.number
    UNION ALL SELECT at FROM bench_test WHERE sample=sample.number)),'');
UPDATE sample SET bench_ms=max(0,CAST(round(
    (julianday(first_concluded_at)-julianday(began_at))*86400000) AS INTEGER))
  WHERE began_at<>'' AND first_concluded_at<>'';
UPDATE shipment SET samples=(SELECT count(*) FROM sample s WHERE s.shipment=shipment.number);

-- Open work in each of its orders, with the words a search looks through.
DROP INDEX sample_open;
CREATE INDEX sample_open ON sample(submitted_at, seq, search) WHERE status_rank<4;
CREATE INDEX sample_by_window ON sample(
  priority DESC, status_rank, submitted_at, seq, request, lane, search) WHERE status_rank<4;
CREATE INDEX sample_by_hazard ON sample(
  (hazard=''), hazard, priority DESC, submitted_at, seq, search) WHERE status_rank<4;
CREATE INDEX sample_by_odd ON sample(odd DESC, priority DESC, submitted_at, seq, search)
  WHERE status_rank<4;
CREATE INDEX sample_measured ON sample(concluded_at, request, lane, bench_ms)
  WHERE bench_ms IS NOT NULL;
CREATE INDEX shipment_unsubmitted ON shipment(state, seq) WHERE samples=0;
