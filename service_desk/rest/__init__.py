"""What every REST door stands on: keys, problem details, idempotency, paging, entity tags, schema."""
