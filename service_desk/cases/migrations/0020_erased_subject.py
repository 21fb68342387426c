"""C1: a subject is written once, but for the name of a customer whose data were erased at their own request."""

from typing import ClassVar

from django.db import migrations

_FUNCTION = """
CREATE OR REPLACE FUNCTION case_write_once() RETURNS trigger LANGUAGE plpgsql AS $$
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
        WHEN NEW.subject IS DISTINCT FROM OLD.subject{unless} THEN 'C1: subject'
        WHEN NEW.id IS DISTINCT FROM OLD.id THEN 'id'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION '% is written once and never changed', broken
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_write_once', TABLE = 'cases_case';
    END IF;
    RETURN NEW;
END $$;
"""
# It becomes what C1 makes of what is left: unit, product and fault, and nothing else.
_ERASED = """
             AND NOT EXISTS (
                 SELECT 1 FROM customers_customer k, people_producttype p
                  WHERE k.id = OLD.customer_id AND NEW.customer_id = OLD.customer_id AND k.erased_at IS NOT NULL
                    AND p.id = NEW.product_type_id AND NEW.fault = OLD.fault
                    AND NEW.subject = k.name || ' ' || p.name || ' ' || OLD.fault)"""


class Migration(migrations.Migration):
    """The function of migration 0002 again, with the one exception; its trigger stays."""

    dependencies: ClassVar = [("cases", "0019_virus_check"), ("customers", "0002_privacy")]
    operations: ClassVar = [
        migrations.RunSQL(_FUNCTION.replace("{unless}", _ERASED), _FUNCTION.replace("{unless}", ""))
    ]
