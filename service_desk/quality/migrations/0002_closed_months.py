"""Q2: a closed month takes no further line of the ledger, whoever asks."""

from typing import ClassVar

from django.db import migrations

FORWARD = """
CREATE FUNCTION ledger_month_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Who writes a line waits for who closes its month, and the other way round.
    PERFORM pg_advisory_xact_lock_shared(hashtext('ledger'), NEW.month - DATE '2000-01-01');
    IF EXISTS (SELECT 1 FROM quality_closedmonth c WHERE c.month = NEW.month) THEN
        RAISE EXCEPTION 'Q2: the month % is closed', to_char(NEW.month, 'YYYY-MM')
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_month_is_open', TABLE = 'quality_ledgerentry';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_month_is_open BEFORE INSERT ON quality_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION ledger_month_is_open();

CREATE FUNCTION closing_waits_for_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ledger'), NEW.month - DATE '2000-01-01');
    RETURN NEW;
END $$;
CREATE TRIGGER closing_waits_for_lines BEFORE INSERT ON quality_closedmonth
    FOR EACH ROW EXECUTE FUNCTION closing_waits_for_lines();

CREATE FUNCTION violation_is_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'suspected' AND (NEW.state, NEW.decision, NEW.decided_at, NEW.decided_by_id)
            IS DISTINCT FROM (OLD.state, OLD.decision, OLD.decided_at, OLD.decided_by_id)
       OR OLD.objected_at IS NOT NULL AND (NEW.objection, NEW.objected_at)
            IS DISTINCT FROM (OLD.objection, OLD.objected_at)
       OR OLD.answered_at IS NOT NULL AND (NEW.answer, NEW.answered_at, NEW.upheld, NEW.answered_by_id)
            IS DISTINCT FROM (OLD.answer, OLD.answered_at, OLD.upheld, OLD.answered_by_id)
       OR (NEW.offence, NEW.source, NEW.person_id, NEW.chief_id, NEW.happened_at, NEW.found_at)
            IS DISTINCT FROM (OLD.offence, OLD.source, OLD.person_id, OLD.chief_id, OLD.happened_at, OLD.found_at)
    THEN
        RAISE EXCEPTION 'C4: a decision, an objection and its answer are written once'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'violation_is_decided_once', TABLE = 'quality_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER violation_is_decided_once BEFORE UPDATE ON quality_violation
    FOR EACH ROW EXECUTE FUNCTION violation_is_decided_once();
"""

BACKWARD = """
DROP TRIGGER ledger_month_is_open ON quality_ledgerentry;
DROP FUNCTION ledger_month_is_open;
DROP TRIGGER closing_waits_for_lines ON quality_closedmonth;
DROP FUNCTION closing_waits_for_lines;
DROP TRIGGER violation_is_decided_once ON quality_violation;
DROP FUNCTION violation_is_decided_once;
"""


class Migration(migrations.Migration):
    """In plain SQL, like the write-once rules of a case."""

    dependencies: ClassVar = [("quality", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(FORWARD, BACKWARD)]
