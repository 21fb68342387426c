"""Another request type: what was told once belongs to the type it was told of (C16); two more lines of the timeline."""

from django.db import migrations, models

TOLD = """
DROP TRIGGER case_said_once ON cases_case;
CREATE TRIGGER case_said_once BEFORE UPDATE ON cases_case FOR EACH ROW
    WHEN (NEW.read_back IS DISTINCT FROM OLD.read_back
          OR OLD.told_once_at IS NOT NULL AND (NEW.told_once_at IS DISTINCT FROM OLD.told_once_at
                                               OR NEW.told_once_by_id IS DISTINCT FROM OLD.told_once_by_id)%s)
    EXECUTE FUNCTION case_said_once();
"""
_OTHER_TYPE = """
             AND NOT (NEW.told_once_at IS NULL AND NEW.request_type_id IS DISTINCT FROM OLD.request_type_id)"""


class Migration(migrations.Migration):
    """The trigger lets go of it with the type, and of nothing else."""

    dependencies = [("cases", "0013_open_clocks")]

    operations = [
        migrations.AlterField(
            model_name="caseevent",
            name="type",
            field=models.CharField(
                choices=[
                    ("registered", "Registered"),
                    ("graded", "Severity graded"),
                    ("started", "Work started"),
                    ("arrived", "Arrived on site"),
                    ("told_once", "Told once what is needed"),
                    ("note", "Internal note"),
                    ("told", "Told the customer"),
                    ("impact", "Impact observed"),
                    ("emergency", "Emergency process started"),
                    ("waiting", "Waiting"),
                    ("resumed", "Work resumed"),
                    ("restored", "Service restored"),
                    ("resolved", "Resolved"),
                    ("replied", "Replied to the customer"),
                    ("closed", "Closed"),
                    ("cancelled", "Cancelled"),
                    ("hand_over", "Hand-over proposed"),
                    ("accepted", "Hand-over accepted"),
                    ("declined", "Hand-over declined"),
                    ("withdrawn", "Hand-over withdrawn"),
                    ("promised", "Promised to the customer"),
                    ("kept", "Promise kept"),
                    ("postponed", "Promise moved"),
                    ("asked", "Expert asked"),
                    ("answered", "Expert answered"),
                    ("reopened", "Reopened"),
                    ("merged", "Merged into another case"),
                    ("took_over", "Another case was merged into this one"),
                    ("split", "Part of it became a case of its own"),
                    ("linked", "Linked"),
                    ("unlinked", "Link taken away"),
                    ("interval", "Progress interval agreed"),
                    ("report", "Report submitted to the customer"),
                    ("file", "File added"),
                    ("file_gone", "File withdrawn"),
                    ("article", "Article linked"),
                    ("article_gone", "Article taken away"),
                    ("clear", "Five clears"),
                    ("escalated", "Complaint taken to the next instance"),
                    ("decided", "Complaint decided"),
                    ("satisfaction", "What the complainant says to the answer"),
                    ("circle", "Circle changed"),
                    ("corrective", "Corrective action"),
                    ("concerns", "Whom the complaint concerns"),
                    ("level", "Level raised"),
                    ("identified", "Number of another body"),
                    ("regulator", "The regulator's time"),
                    ("retyped", "Request type changed"),
                    ("suggestion", "Suggestion"),
                ],
                max_length=12,
                verbose_name="What",
            ),
        ),
        migrations.RunSQL(TOLD % _OTHER_TYPE, TOLD % ""),
    ]
