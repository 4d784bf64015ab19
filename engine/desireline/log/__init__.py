"""Event logs: columns, readers, writers, quality."""
