"""P7 as the organisation is now: who comes into a line later leaves the circle too. P3: a regulator may come later."""

from django.db import migrations

FORWARD = """
-- The reporting line of one person as the organisation is now: themselves, who leads them, whom they lead.
CREATE FUNCTION staff_line_of(concerned bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    WITH RECURSIVE up AS (
        SELECT u.id, u.parent_id, u.section_chief_id, u.department_head_id
          FROM people_staff s JOIN people_unit u ON u.id = s.unit_id WHERE s.id = concerned
        UNION
        SELECT u.id, u.parent_id, u.section_chief_id, u.department_head_id
          FROM people_unit u JOIN up ON u.id = up.parent_id),
    down AS (
        SELECT u.id FROM people_unit u WHERE concerned IN (u.section_chief_id, u.department_head_id)
        UNION SELECT u.id FROM people_unit u JOIN down ON u.parent_id = down.id)
    SELECT concerned
    UNION SELECT section_chief_id FROM up WHERE section_chief_id IS NOT NULL
    UNION SELECT department_head_id FROM up WHERE department_head_id IS NOT NULL
    UNION SELECT s.id FROM people_staff s JOIN down ON down.id = s.unit_id
$$;
-- Whom a complaint about this person bars. Of somebody at the top that would be everybody who works on cases or
-- leads: then those stay who are there to look at others.
CREATE FUNCTION complaint_barred_by(concerned bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    WITH line AS MATERIALIZED (SELECT staff_line_of(concerned) AS id)
    SELECT line.id FROM line JOIN people_staff s ON s.id = line.id
     WHERE line.id = concerned
        OR NOT (s.is_active AND s.roles && '{auditor,quality_inspector,gm_marketing,gm_product}'::varchar[])
        OR EXISTS (SELECT FROM people_staff o WHERE o.is_active AND o.id NOT IN (SELECT id FROM line)
            AND o.roles && '{front_desk,field_engineer,product_expert,supervisor,department_head,gm_marketing,gm_product}'
                ::varchar[])
$$;
-- Bar from each complaint about one of these people whoever stands in their line now. Their time in the circle ends
-- with it (barred_leaves_circle); timeline and trail say so. A handler stays where nobody else is left to take it.
CREATE FUNCTION complaints_follow_line(people bigint[]) RETURNS void LANGUAGE sql AS $$
    WITH about AS MATERIALIZED (
        SELECT b.case_id, b.staff_id FROM cases_casebarred b WHERE b.why = 'concerned' AND b.staff_id = ANY(people)),
    lines AS MATERIALIZED (
        SELECT w.staff_id, l.id FROM (SELECT DISTINCT staff_id FROM about) w, complaint_barred_by(w.staff_id) AS l(id)),
    fresh AS (
        INSERT INTO cases_casebarred (case_id, staff_id, why, by_id)
        SELECT DISTINCT a.case_id, l.id, 'line', NULL::bigint
          FROM about a JOIN lines l USING (staff_id) JOIN cases_case c ON c.id = a.case_id
         WHERE c.handler_id <> l.id OR EXISTS (
            SELECT FROM people_staff o WHERE o.is_active AND o.id NOT IN (SELECT m.id FROM lines m)
               AND o.roles && '{auditor,quality_inspector,front_desk,field_engineer,product_expert,supervisor,
                                department_head,gm_marketing,gm_product}'::varchar[])
        ON CONFLICT (case_id, staff_id) DO NOTHING
        RETURNING case_id, staff_id),
    out AS MATERIALIZED (
        SELECT f.case_id, f.staff_id, s.full_name FROM fresh f JOIN people_staff s ON s.id = f.staff_id
         WHERE EXISTS (SELECT FROM cases_casecircle m
                        WHERE m.case_id = f.case_id AND m.staff_id = f.staff_id AND m.until IS NULL)),
    told AS (
        INSERT INTO cases_caseevent (case_id, actor_id, type, text, data)
        SELECT case_id, NULL, 'circle', '', jsonb_build_object('left', full_name, 'line', true) FROM out)
    INSERT INTO audit_auditentry (actor_id, actor_label, door, verb, thing, outcome, detail, request_id)
    SELECT NULL, '', 'worker', 'complaint.left', 'case:' || case_id, 'done',
           jsonb_build_object('staff', staff_id, 'why', 'line'), '' FROM out
$$;

CREATE FUNCTION complaints_follow_staff() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM complaints_follow_line(ARRAY(SELECT staff_line_of(NEW.id)));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complaints_follow_new_staff AFTER INSERT ON people_staff
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.unit_id IS NOT NULL)
    EXECUTE FUNCTION complaints_follow_staff();
CREATE CONSTRAINT TRIGGER complaints_follow_staff AFTER UPDATE OF unit_id ON people_staff
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.unit_id IS DISTINCT FROM OLD.unit_id)
    EXECUTE FUNCTION complaints_follow_staff();

CREATE FUNCTION complaints_follow_unit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM complaints_follow_line(ARRAY(
        WITH RECURSIVE up AS (
            SELECT u.parent_id, u.section_chief_id, u.department_head_id FROM people_unit u WHERE u.id = NEW.id
            UNION
            SELECT u.parent_id, u.section_chief_id, u.department_head_id
              FROM people_unit u JOIN up ON u.id = up.parent_id),
        down AS (SELECT NEW.id AS id UNION SELECT u.id FROM people_unit u JOIN down ON u.parent_id = down.id)
        SELECT s.id FROM people_staff s JOIN down ON down.id = s.unit_id
        UNION SELECT section_chief_id FROM up WHERE section_chief_id IS NOT NULL
        UNION SELECT department_head_id FROM up WHERE department_head_id IS NOT NULL));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complaints_follow_unit AFTER UPDATE OF parent_id, section_chief_id, department_head_id
    ON people_unit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((NEW.parent_id, NEW.section_chief_id, NEW.department_head_id)
          IS DISTINCT FROM (OLD.parent_id, OLD.section_chief_id, OLD.department_head_id))
    EXECUTE FUNCTION complaints_follow_unit();

-- P3: a time of its own is a regulator's, known by the channel or by the number under which that body keeps it.
CREATE FUNCTION complaint_time_of_a_regulator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM complaints_externalidentifier e WHERE e.complaint_id = NEW.case_id) THEN
        RAISE EXCEPTION 'P3: only a regulator sets a time of its own'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_time_of_a_regulator',
                  TABLE = 'complaints_complaint';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER complaint_time_of_a_regulator BEFORE INSERT OR UPDATE OF regulator_due_at, channel
    ON complaints_complaint FOR EACH ROW
    WHEN (NEW.regulator_due_at IS NOT NULL AND NEW.channel NOT IN ('12315', '12345'))
    EXECUTE FUNCTION complaint_time_of_a_regulator();
"""

BACKWARD = """
DROP TRIGGER complaint_time_of_a_regulator ON complaints_complaint;
DROP FUNCTION complaint_time_of_a_regulator;
DROP TRIGGER complaints_follow_unit ON people_unit;
DROP FUNCTION complaints_follow_unit;
DROP TRIGGER complaints_follow_staff ON people_staff;
DROP TRIGGER complaints_follow_new_staff ON people_staff;
DROP FUNCTION complaints_follow_staff;
DROP FUNCTION complaints_follow_line;
DROP FUNCTION complaint_barred_by;
DROP FUNCTION staff_line_of;
"""


class Migration(migrations.Migration):
    """Plain SQL, like the other walls of a complaint."""

    dependencies = [
        ("complaints", "0002_web_form"),
        ("cases", "0013_open_clocks"),
        ("people", "0001_initial"),
        ("audit", "0001_audit_entry"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="complaint", name="complaint_time_of_a_regulator"),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
