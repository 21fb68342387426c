"""C5: the handler of a case changes only by a hand-over that the receiver has accepted in the same transaction."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION case_handler_by_hand_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM cases_handover h
         WHERE h.case_id = NEW.id AND h.state = 'accepted' AND h.giver_id = OLD.handler_id
           AND h.receiver_id = NEW.handler_id AND h.decided_at >= transaction_timestamp()
    ) THEN
        RAISE EXCEPTION 'C5: the handler changes only by an accepted hand-over'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_handler_by_hand_over', TABLE = 'cases_case';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_handler_by_hand_over BEFORE UPDATE ON cases_case
    FOR EACH ROW WHEN (NEW.handler_id IS DISTINCT FROM OLD.handler_id) EXECUTE FUNCTION case_handler_by_hand_over();
"""

BACKWARD = """
DROP TRIGGER case_handler_by_hand_over ON cases_case;
DROP FUNCTION case_handler_by_hand_over;
"""


class Migration(migrations.Migration):
    """In plain SQL, like the other write-once rules of a case."""

    dependencies = [("cases", "0003_hand_overs_promises_consultations")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
