-- Lists and searches within 50 ms at 100,000 samples; measured by `python -m benchmarks.record`.

-- A search reads every sample's words: from the index of the order wanted, not from the wide rows.
DROP INDEX sample_queue;
CREATE INDEX sample_queue ON sample(status_rank, priority DESC, submitted_at, seq, search);
DROP INDEX sample_submitted;
CREATE INDEX sample_submitted ON sample(submitted_at, seq, search);
-- The officers' board: what is open, by age.
CREATE INDEX sample_open ON sample(submitted_at, seq) WHERE status_rank<4;
-- What was concluded on a day.
CREATE INDEX conclusion_at ON conclusion(at);
