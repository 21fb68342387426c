"""Every Django form drawn with the desk's own field, whoever writes `{{ form }}`."""

from django.forms.renderers import TemplatesSetting


class DeskRenderer(TemplatesSetting):
    """`FORM_RENDERER`: forms from components/form.html, fields from components/field.html, rows of formsets alike."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
