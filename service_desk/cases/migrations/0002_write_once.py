"""C2, C3, C5: what is written once is held by the database itself, whatever door the write comes through."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION case_is_registered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- C3, D1: the registration time is the database's clock, never typed.
    NEW.registered_at := statement_timestamp();
    IF NEW.accepted_at > statement_timestamp() + interval '60 seconds' THEN
        RAISE EXCEPTION 'C3: the acceptance time lies in the future'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_accepted_not_in_future', TABLE = 'cases_case';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_is_registered BEFORE INSERT ON cases_case
    FOR EACH ROW EXECUTE FUNCTION case_is_registered();

CREATE FUNCTION case_write_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken text;
BEGIN
    broken := CASE
        WHEN OLD.severity IS NOT NULL AND NEW.severity IS DISTINCT FROM OLD.severity THEN 'C2: severity'
        WHEN OLD.graded_at IS NOT NULL AND NEW.graded_at IS DISTINCT FROM OLD.graded_at THEN 'C2: graded_at'
        WHEN OLD.graded_by_id IS NOT NULL AND NEW.graded_by_id IS DISTINCT FROM OLD.graded_by_id THEN 'C2: graded_by'
        WHEN NEW.accepted_at IS DISTINCT FROM OLD.accepted_at THEN 'C3: accepted_at'
        WHEN NEW.registered_at IS DISTINCT FROM OLD.registered_at THEN 'C3: registered_at'
        WHEN NEW.registered_by_id IS DISTINCT FROM OLD.registered_by_id THEN 'C3: registered_by'
        WHEN NEW.first_responder_id IS DISTINCT FROM OLD.first_responder_id THEN 'C5: first_responder'
        WHEN NEW.number IS DISTINCT FROM OLD.number THEN 'number'
        WHEN NEW.kind IS DISTINCT FROM OLD.kind THEN 'kind'
        WHEN NEW.subject IS DISTINCT FROM OLD.subject THEN 'C1: subject'
        WHEN NEW.id IS DISTINCT FROM OLD.id THEN 'id'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION '% is written once and never changed', broken
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_write_once', TABLE = 'cases_case';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_write_once BEFORE UPDATE ON cases_case
    FOR EACH ROW EXECUTE FUNCTION case_write_once();

CREATE FUNCTION case_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a case is never deleted; cancel it with a reason'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'case_is_kept', TABLE = 'cases_case';
END $$;
CREATE TRIGGER case_is_kept BEFORE DELETE ON cases_case
    FOR EACH ROW EXECUTE FUNCTION case_is_kept();
CREATE TRIGGER case_is_kept_whole BEFORE TRUNCATE ON cases_case
    FOR EACH STATEMENT EXECUTE FUNCTION case_is_kept();

CREATE FUNCTION case_number_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR NEW.last < OLD.last OR NEW.day <> OLD.day THEN
        RAISE EXCEPTION 'case numbers are never given twice'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_number_is_kept', TABLE = 'cases_dailynumber';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_number_is_kept BEFORE UPDATE OR DELETE ON cases_dailynumber
    FOR EACH ROW EXECUTE FUNCTION case_number_is_kept();
"""

BACKWARD = """
DROP TRIGGER case_number_is_kept ON cases_dailynumber;
DROP FUNCTION case_number_is_kept;
DROP TRIGGER case_is_kept_whole ON cases_case;
DROP TRIGGER case_is_kept ON cases_case;
DROP FUNCTION case_is_kept;
DROP TRIGGER case_write_once ON cases_case;
DROP FUNCTION case_write_once;
DROP TRIGGER case_is_registered ON cases_case;
DROP FUNCTION case_is_registered;
"""


class Migration(migrations.Migration):
    """Triggers in plain SQL: unlike those of a library they have no switch that a session could turn."""

    dependencies = [("cases", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
