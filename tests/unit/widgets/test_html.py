"""The static forms of a run: complete, and inert whatever the run holds."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from jupyter_aml.testing.wires import NOON, a_card, a_failure, a_series, a_wire_run
from jupyter_aml.widgets.html import html, text

EVIL = "</pre></td><script>alert(1)</script><img src=x onerror=alert(2)>\x1b]8;;http://evil\x07"
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def metrics(series=None, values=None):
    return {"runId": "x", "series": series or {}, "values": values or {}, "cursor": 0}


def an_evil_card():
    run = a_wire_run(
        displayName=EVIL, description=EVIL, target=EVIL, reason=EVIL, endedAt=None, script=EVIL,
        arguments=[EVIL], parameters={EVIL: EVIL}, tags={EVIL: EVIL}, warnings=[EVIL],
        metrics={EVIL: 1.0, "text": EVIL},
        error=a_failure(message=EVIL, hint=EVIL, file=EVIL, traceback=EVIL),
    )  # fmt: skip
    value = {"kind": "table", "value": {EVIL: EVIL}, "time": 0.0, "step": None}
    return a_card(
        run=run,
        metrics=metrics({EVIL: a_series(1.0, 2.0)}, {EVIL: [value], "t": [value]}),
        log={"name": EVIL, "offset": 0, "text": EVIL, "size": 1},
        files=[{"name": EVIL, "size": 1, "modified": 0.0}],
        images={EVIL: PIXEL, "b": 'x" onerror="alert(3)', "c": "http://evil/a.png"},
    )


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.attributes = set(), []

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)
        self.attributes += attrs


def test_nothing_of_a_run_becomes_markup():
    for show in ("full", "mini"):
        tags = Tags()
        tags.feed(html(an_evil_card(), show=show))

        assert tags.found <= {
            "div", "strong", "span", "code", "table", "thead", "tbody", "tr", "th", "td", "img",
            "pre",
        }  # fmt: skip
        assert {name for name, _ in tags.attributes} <= {
            "style", "src", "alt", "title", "width", "height",
        }  # fmt: skip


def test_nothing_is_fetched():
    tags = Tags()
    tags.feed(html(an_evil_card()))

    sources = [value for name, value in tags.attributes if name == "src"]
    assert len(sources) == 2
    assert all(source.startswith("data:image/") for source in sources)
    assert not any("url(" in value for name, value in tags.attributes if name == "style")


def test_a_completed_run_shows_what_it_did():
    card = a_card(
        run=a_wire_run(metrics={"rmse": 54.321987, "loss": 0.5}, parameters={"alpha": 0.1}),
        metrics=metrics({"loss": a_series(2.0, 1.0, 0.5), "rmse": a_series(54.321987)}),
        log={"name": "user_logs/std_log.txt", "offset": 0, "text": "one\ntwo\n", "size": 8},
        files=[{"name": "outputs/model.pkl", "size": 1, "modified": 0.0}],
        images={"plot": PIXEL},
    )

    shown = html(card)

    for words in ("exp #7", "Completed", "1.0 s", "rmse", "54.322", "alpha = 0.1", "one\ntwo",
                  "outputs/model.pkl", "chart of loss", PIXEL, "last of 3"):  # fmt: skip
        assert words in shown


def test_mini_is_the_header_alone():
    card = a_card(log={"name": "n", "offset": 0, "text": "words", "size": 5})

    assert "words" not in html(card, show="mini")
    assert "Completed" in html(card, show="mini")


def test_what_goes_on_says_when_it_was_so():
    going = a_card(run=a_wire_run(status="Running", endedAt=None), savedAt="2026-01-02T03:04:05Z")

    for show in ("full", "mini"):
        assert "As it was at 2026-01-02 03:04:05 UTC" in html(going, show=show)
        assert "As it was" not in html(a_card(), show=show)


def test_a_failure_says_its_line_and_its_hint():
    run = a_wire_run(status="Failed", error=a_failure(hint="add --include data.csv"))

    for shown in (html(a_card(run=run)), text(run)):
        assert "bad alpha" in shown
        assert "line 3" in shown
        assert "--include data.csv" in shown


def test_the_text_is_one_paragraph():
    run = a_wire_run(status="Queued", endedAt=None, startedAt=None, reason="1 run ahead")

    assert text(run) == "Run exp #7 (exp_1767355200_0a1b2c3d): Queued on local. 1 run ahead."


def test_much_of_everything_stays_small():
    series = {f"m{i}": a_series(*map(float, range(300))) for i in range(50)}
    log = {"name": "n", "offset": 9, "text": "x" * 1000 + "\n" + "y\n" * 5000, "size": 1}
    files = [{"name": f"outputs/{i}", "size": 1, "modified": 0.0} for i in range(500)]

    shown = html(a_card(run=a_wire_run(createdAt=NOON), metrics=metrics(series), log=log,
                        files=files))  # fmt: skip

    assert len(re.findall("<img ", shown)) == 12
    assert len(shown) < 200_000
    assert "and 38 more" in shown
    assert "and 480 more" in shown
