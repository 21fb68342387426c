"""What the desk adds to calls: the rule that each answered one is registered (T7)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """What the desk adds to calls."""

    dependencies = [("telephony", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="callfact", name="call_fact_rule_is_known"),
        migrations.AlterField(
            model_name="callfact",
            name="rule",
            field=models.CharField(
                choices=[
                    ("T1", "T1 answered within the rings allowed"),
                    ("T2", "T2 apology first after many rings"),
                    ("T3", "T3 outbound call ended after the rings due"),
                    ("T4", "T4 word to the waiting caller in time"),
                    ("T5", "T5 the caller hangs up first"),
                    ("T6", "T6 transfer with name and matter"),
                    ("T7", "T7 answered call registered in time"),
                ],
                max_length=4,
                verbose_name="Rule",
            ),
        ),
        migrations.AddConstraint(
            model_name="callfact",
            constraint=models.CheckConstraint(
                condition=models.Q(("rule__in", ["T1", "T2", "T3", "T4", "T5", "T6", "T7"])),
                name="call_fact_rule_is_known",
            ),
        ),
    ]
