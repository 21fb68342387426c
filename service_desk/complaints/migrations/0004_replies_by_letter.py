"""The reply to a complaint may go by letter."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Nothing of it is the database's."""

    dependencies = [("complaints", "0003_line_as_it_is_now")]

    operations = [
        migrations.AlterField(
            model_name="instance",
            name="reply_channel",
            field=models.CharField(
                blank=True,
                choices=[
                    ("phone", "Phone"),
                    ("email", "E-mail"),
                    ("sms", "SMS"),
                    ("wechat", "WeChat"),
                    ("visit", "Visit"),
                    ("letter", "Letter"),
                ],
                max_length=10,
                verbose_name="Replied by",
            ),
        )
    ]
