"""Narratives that a browser should not show, or that say nothing."""

import pytest

from fhir_server.validation.checks.narrative import NarrativeCheck
from tests.validation.checks.runner import Runner

XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


def problems(run: Runner, div: str) -> list[tuple[str, str | None, str]]:
    patient = {"resourceType": "Patient", "text": {"status": "generated", "div": div}}
    return run.found(NarrativeCheck(), patient)


@pytest.mark.parametrize(
    "inner",
    [
        "Bonjour",
        "&#160;",
        "<p>Deux <b>mots</b>&#160;: \u00e9t&#233; &amp; hiver</p>",
        "<table class='grid'><tbody><tr><td colspan='2'>1</td><th>2</th></tr></tbody></table>",
        "<ul><li>un</li></ul><dl><dt>a</dt><dd>b</dd></dl>",
        "<a href='https://example.org/'>là</a> <a href='#ici' name='ici'>ici</a>",
        "<a href='Patient/1'>relatif</a><a href='mailto:a@example.org'>écrire</a>",
        "<img src='data:image/png;base64,iVBORw0KGgo=' alt='courbe'/>",
        "<!-- un commentaire --><span xml:lang='fr' style='color: red'>texte</span><![CDATA[<b>]]>",
    ],
)
def test_what_html_may_say_in_a_narrative(run: Runner, inner: str) -> None:
    assert problems(run, f"<div {XHTML}>{inner}</div>") == []


@pytest.mark.parametrize(
    "inner",
    [
        "<script>alert(1)</script>",
        "<p onclick='alert(1)'>x</p>",
        "<iframe src='https://example.org'>x</iframe>",
        "<object data='x'>x</object>",
        "<form action='x'>x</form>",
        "<svg xmlns='http://www.w3.org/2000/svg'><text>x</text></svg>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' JaVaScRiPt:alert(1)'>x</a>",
        "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
        "<img src='data:image/svg+xml;base64,PHN2Zz4='/>",
        "<a target='_blank' href='https://example.org'>x</a>",
        "<p>x<div>y</div></p>",
        "<p xmlns='urn:other'>x</p>",
        "<p>x",
        "x &unknown; y",
        "x < y",
        "<?php echo 1 ?>x",
        "<p a='1' a='2'>x</p>",
    ],
)
def test_what_a_narrative_must_not_hold(run: Runner, inner: str) -> None:
    found = problems(run, f"<div {XHTML}>{inner}</div>")
    assert {(severity, key, place) for severity, key, place in found} == {
        ("error", "txt-1", "Patient.text.div")
    }


@pytest.mark.parametrize(
    "div",
    [
        f"<p {XHTML}>x</p>",
        "<div>x</div>",
        "<div xmlns='http://www.w3.org/1999/html'>x</div>",
        f"<!DOCTYPE div [<!ENTITY a 'b'>]><div {XHTML}>&a;</div>",
        f"<!DOCTYPE div SYSTEM 'file:///etc/passwd'><div {XHTML}>x</div>",
        f"<?xml version='1.0'?><div {XHTML}>x</div>",
        f"<div {XHTML}>x</div><div {XHTML}>y</div>",
        "",
        f"<div {XHTML}>" + "<span>" * 200 + "x" + "</span>" * 200 + "</div>",
        f"<div {XHTML}>\ud800</div>",
    ],
)
def test_what_is_no_narrative_at_all(run: Runner, div: str) -> None:
    assert {key for _, key, _ in problems(run, div)} == {"txt-1"}


@pytest.mark.parametrize("inner", ["", "  \n", "<p> </p>", "&#32;", "<br/>"])
def test_a_narrative_says_something(run: Runner, inner: str) -> None:
    assert problems(run, f"<div {XHTML}>{inner}</div>") == [("error", "txt-2", "Patient.text.div")]


@pytest.mark.parametrize("inner", ["<td>x</td>", "<table><li>x</li></table>", "<dt>x</dt>"])
def test_an_element_out_of_its_place_does_no_harm(run: Runner, inner: str) -> None:
    found = problems(run, f"<div {XHTML}>{inner}</div>")
    assert set(found) == {("warning", "narrative-place", "Patient.text.div")}


def test_entities_of_html_are_none_of_xml(run: Runner) -> None:
    div = f"<div {XHTML}>d&eacute;j&agrave; vu &lt;&eacute;&gt;</div>"
    assert problems(run, div) == [("warning", "narrative-entity", "Patient.text.div")] * 2
    issues = run.issues(NarrativeCheck(), {"resourceType": "Patient", "text": {"div": div}})
    assert ["&#233;" in issues[0].text.render(), "&#224;" in issues[1].text.render()] == [True, True]


@pytest.mark.parametrize(
    "link", ["<a href='#p'>x</a><p id='p'>y</p>", "<a href='#p'>x</a><a name='p'>y</a>", "<a href='#'>x</a>"]
)
def test_a_link_within_the_narrative(run: Runner, link: str) -> None:
    assert problems(run, f"<div {XHTML}>{link}</div>") == []


@pytest.mark.parametrize("link", ["<a href='#p'>x</a>", "<img src='#p' alt='x'/>"])
def test_a_link_leads_to_something_in_the_resource(run: Runner, link: str) -> None:
    div = f"<div {XHTML}>{link}</div>"
    assert problems(run, div) == [("warning", "narrative-link", "Patient.text.div")]
    patient = {"resourceType": "Patient", "text": {"div": div}}
    assert run.found(NarrativeCheck(), patient | {"contained": [{"resourceType": "Binary", "id": "p"}]}) == []
    assert run.found(NarrativeCheck(), patient | {"photo": [{"id": "p"}]}) == []


def test_an_id_is_given_once(run: Runner) -> None:
    div = f"<div {XHTML}><p id='a'>x</p><p id='a'>y</p></div>"
    assert problems(run, div) == [("warning", "narrative-id", "Patient.text.div")]


def test_sections_have_narratives_too(run: Runner) -> None:
    bad = {"text": {"status": "generated", "div": f"<div {XHTML}/>"}}
    composition = {"resourceType": "Composition", "section": [{"section": [bad]}]}
    assert run.found(NarrativeCheck(), composition) == [
        ("error", "txt-2", "Composition.section[0].section[0].text.div")
    ]
