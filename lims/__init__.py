"""The record: shipments, samples, custody, findings, conclusions, people and the event log."""
