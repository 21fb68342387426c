"""Every form is drawn by the desk's own field: label above, help under, the error beside and tied to the control."""

from django import forms
from django.utils import translation

from service_desk.dashboard.samples import LONG_NAME, SampleForm


def drawn(form: forms.Form) -> str:
    with translation.override("en"):
        return str(form)


class Small(forms.Form):
    name = forms.CharField(help_text="As the caller says it.")
    note = forms.CharField(required=False)


def test_an_error_stands_beside_its_field_and_is_tied_to_it() -> None:
    html = drawn(Small({"name": ""}))
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"' in html
    assert 'id="id_name_helptext"' in html


def test_the_summary_counts_and_links() -> None:
    html = drawn(Small({"name": ""}))
    assert "One thing needs your attention" in html
    assert '<a href="#id_name">' in html


def test_what_is_not_needed_says_so() -> None:
    html = drawn(Small())
    assert html.count("(optional)") == 1


def test_input_is_escaped_wherever_it_comes_back() -> None:
    html = drawn(SampleForm({"customer_text": '"><script>x</script>', "fault": "<b>"}))
    assert "<script>x" not in html
    assert "<b>" not in html


def test_a_type_ahead_sends_its_words_too_and_shows_them_again() -> None:
    html = drawn(SampleForm({"customer": "", "customer_text": LONG_NAME}))
    assert 'type="hidden" name="customer" value=""' in html
    assert f'name="customer_text" id="id_customer" value="{LONG_NAME}"' in html
    assert 'data-url="/design/customers/"' in html


def test_a_type_ahead_starts_with_its_initial_words() -> None:
    html = drawn(SampleForm(initial={"customer": 7, "customer_text": "华苑小区"}))
    assert 'name="customer" value="7"' in html
    assert 'value="华苑小区"' in html
