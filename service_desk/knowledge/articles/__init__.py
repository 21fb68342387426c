"""Articles apart from their rows: rules, Markdown, the words they are found by, synonyms, the search (K6)."""
