"""docs/configuration.md keeps its word: examples are set, and tables hold for the models."""

import json
import math
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest

from ratchet.datasets.settings import DatasetSettings, DatasetSpec
from ratchet.entry.configs import CONFIGS
from ratchet.govern.alerts.rules import RuleSetting
from ratchet.govern.alerts.settings import AlertSettings, SinkSpec
from ratchet.govern.sinks.cloudevents import CloudEventsSettings
from ratchet.govern.sinks.webhook import WebhookSettings
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput
from ratchet.labels.heuristics.settings import AgentHeuristic, HeuristicSettings
from ratchet.labels.judges.llm_settings import LlmSettings
from ratchet.labels.judges.rules import RulesSettings
from ratchet.labels.settings import JudgeSettings, JudgeSpec
from ratchet.policies.feature_spec import FeatureSpec
from ratchet.policies.space import Choice, Range, Simplex, parse_space
from ratchet.policies.version import Params
from ratchet.rollouts.gate_rules import Gates
from ratchet.rollouts.metric import METRICS, metric_named
from ratchet.rollouts.profile import PROFILES, Profile, units_of
from ratchet.runs.cards.card_settings import CardSettings, Limit
from tests.support.commanded import shown_in, unknown
from tests.support.commands import Ratchet, command_line, write_json

TEXT = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text()
PARTS = re.split(r"^##+ (.+)$", TEXT, flags=re.MULTILINE)
SECTIONS = dict(zip(PARTS[1::2], PARTS[2::2], strict=True))
PARAMS, SPACE = "Params of a policy", "Tuning space of a policy"
RULE = {"at": "tokensIn", "above": 1, "label": "bad"}
RULES, LLM = "Settings of a judge by rules", "Settings of a judge that is a language model"


def judge(spec: Any) -> JudgeSettings:
    """Return `config/judges` with one judge, parsed as it is read."""
    return JudgeSettings.from_store({"judges": {"j": spec}})


def sink(spec: Any) -> AlertSettings:
    """Return `config/alerts` with one sink, parsed as it is read."""
    return AlertSettings.from_store({"sinks": {"s": spec}})


def example(section: str) -> Any:
    """Return the JSON example of a section."""
    (block,) = re.findall(r"```json\n(.*?)```", SECTIONS[section], re.DOTALL)
    return json.loads(block)


# Each section with a table: what it describes, how it parses, and the least that parses.
MODELS: dict[str, tuple[type[Model], Callable[[Any], object], dict[str, Any]]] = {
    **{f"config/{name}": (kind, kind.from_store, {}) for name, kind in CONFIGS.items()},
    "config/gates": (
        Gates,
        Gates.from_store,
        {"allocation": {"gates": []}, "behaviour": {"gates": []}},
    ),
    "A profile": (
        Profile,
        lambda profile: Gates.from_store({"profiles": {"p": profile}}),
        {"goal": {"metric": "reward"}},
    ),
    "A judge": (JudgeSpec, judge, {"family": "f"}),
    RULES: (
        RulesSettings,
        lambda settings: judge({"kind": "rules", "family": "f", "settings": settings}),
        {"rules": [RULE]},
    ),
    LLM: (
        LlmSettings,
        lambda settings: judge({"kind": "llm", "family": "f", "settings": settings}),
        {
            "baseUrl": "http://localhost",
            "model": "m",
            "prompt": "{first} or {second}?",
            "maxCostUsdDay": 1,
            "usdPerMillionIn": 0,
            "usdPerMillionOut": 0,
        },
    ),
    "The model of an agent": (
        AgentHeuristic,
        lambda agent: HeuristicSettings.from_store({"agents": {"a": agent}}),
        {"policy": "p", "shipped": "router"},
    ),
    "A feature": (FeatureSpec, FeatureSpec.parse, {"kind": "numeric", "at": "tokensIn"}),
    "A limit": (
        Limit,
        lambda limit: CardSettings.from_store({"limits": {"loss": limit}}),
        {"weakAbove": 1, "strongBelow": 0},
    ),
    "A dataset": (
        DatasetSpec,
        lambda spec: DatasetSettings.from_store({"datasets": {"d": spec}}),
        {},
    ),
    "A sink": (SinkSpec, sink, {"kind": "log"}),
    "Settings of a webhook": (
        WebhookSettings,
        lambda settings: sink({"kind": "webhook", "settings": settings}),
        {"urlEnv": "RATCHET_ALERT_URL"},
    ),
    "Settings of CloudEvents": (
        CloudEventsSettings,
        lambda settings: sink({"kind": "cloudevents", "settings": settings}),
        {"urlEnv": "RATCHET_ALERT_URL"},
    ),
    "A rule": (
        RuleSetting,
        lambda rule: AlertSettings.from_store({"rules": {"scoring-lag": rule}}),
        {},
    ),
    PARAMS: (Params, Params.parse, {}),
    "Weights: simplex": (
        Simplex,
        lambda span: parse_space({"p": span}),
        {"kind": "simplex", "floor": 0, "cap": 1},
    ),
    "A number: float or int": (
        Range,
        lambda span: parse_space({"p": span}),
        {"kind": "float", "low": 0, "high": 1},
    ),
    "One of some values: choice": (
        Choice,
        lambda span: parse_space({"p": span}),
        {"kind": "choice", "options": [1]},
    ),
}
LINE = {"component": "a", "policy": "p"}
RAIL = {"metric": "success", "margin": "2 points"}
NINE = example("config/run_loss")["weights"]
PAIR = [{"name": "new", "at": "meta.new"}, {"name": "old", "at": "meta.old"}]
# Lines of each field that holds some, so that one field of the first can be tried.
LINES: dict[str, list[dict[str, Any]]] = {
    "also": [{"metric": "success"}],
    "guardrails": [RAIL],
    "rules": [RULE],
    "candidates": PAIR,
}
# What so many entries or characters of a field look like.
MANY: dict[str, Callable[[int], Any]] = {
    "serviceAccounts": lambda n: {f"a{i}@b": "admin" for i in range(n)},
    "audiences": lambda n: ["a"] * n,
    "bindings": lambda n: [LINE] * n,
    "bindings.component": lambda n: [LINE | {"component": "a" * n}],
    "bindings.phase": lambda n: [LINE | {"phase": "a" * n}],
    "bindings.policy": lambda n: [LINE | {"policy": "a" * n}],
}
# What the words of a bound allow, and what they do not.
WORDS: dict[str, tuple[list[Any], list[Any]]] = {
    "true or false": ([True, False], [1, "true", None]),
    "any text": (["", "x"], [5]),
    "any number": ([0.5], ["x", "1.x"]),
    "any JSON": ([[1, "a", None]], [5]),
    "any JSON by name": ([{"a": [1]}], [5]),
    "patterns": ([{"a*": {"weights": {"cost": 1}}}], [5, {"a": {"weights": {"cots": 1}}}]),
    "objects": ([[{"a": 1}]], [["a"]]),
    "texts": ([["a"]], [[5], "a"]),
    "texts by name": ([{"a": "b"}], [{"a": 5}]),
    "texts by arm": ([{"a": "b"}], [{"a": 5}]),
    "each 0..1": ([{"a": 0, "b": 1}], [{"a": -0.1}, {"a": 1.1}]),
    "each 0..1, together 1": ([{"a": 0.25, "b": 0.75}], [{"a": 0.5}, {"a": 1.5, "b": -0.5}]),
    "whole, at least 0": ([0, 7], [-1, 0.5]),
    "`simplex`": (["simplex"], ["simple"]),
    "`choice`": (["choice"], ["choose"]),
    "`float` or `int`": (["float", "int"], ["number"]),
    "gates, each once": ([[], ["replay", "approval"]], [["luck"], ["replay"] * 2, "replay"]),
    "a golden set's name": (["airline", "a-2"], ["Airline", "a~b", 5]),
    "a profile's name": (["significance", "quality-gain"], ["strict", 5]),
    "rules by policy": (
        [{"p": {"behaviour": {"gates": []}}}],
        [{"P": {}}, {"p": {"behaviour": {"gates": ["luck"]}}}, {"p": {"both": {}}}],
    ),
    "profiles by name": (
        [{"mine": {"goal": {"metric": "reward"}}}],
        [{"mine": {}}, {"M": {"goal": {"metric": "reward"}}}],
    ),
    "a metric": (["quality", "success", "error:429"], ["mood", "error:", 5]),
    "an amount": (["1 point", "-0.5 points"], ["1", "1 apple", 1, "0.1 usd"]),
    "an amount from 0": (["0 points", "5 points"], ["-1 points", "5", "0.1 usd"]),
    "an amount from 0, no dollars": (["0 points", "5 %"], ["-1 %", "5", "0.1 usd"]),
    "an amount over 0": (["0.1 points"], ["0 points", "-1 points", "1 usd"]),
    "an amount other than 0": (["-1 points", "1 %"], ["0 points", "1 usd"]),
    "goals, each metric once": (
        [[], [{"metric": "success"}]],
        [[{"metric": "reward"}], [{"metric": "success"}] * 2, [{}]],
    ),
    "guardrails, each metric once": (
        [[], [RAIL]],
        [[RAIL, RAIL], [RAIL | {"metric": "reward"}], [{"metric": "success"}]],
    ),
    "shares of a canary, rising": (
        [[0.01], [0.1, 0.1, 0.5], [0.1] * 20],
        [[], [0.1] * 21, [0.5, 0.1], [0.009], [0.51], 0.1],
    ),
    "judges by name": (
        [{"j": {"family": "f"}}],
        [
            {"j": {}},
            {"j": {"family": "f", "kind": "oracle"}},
            {"j": {"family": "f", "agents": [""]}},
        ],
    ),
    "families by agent": ([{"a": "f", "b*": "f"}], [{"*a": "f"}, {"a": ""}, ["a"]]),
    "agents by name": (
        [{"a": {"policy": "p", "shipped": "router"}}],
        [{"a": {"policy": "p"}}, {"a": {"policy": "P", "shipped": "router"}}],
    ),
    "a trained model": ([example(PARAMS)["heuristic"]], ["foo", {}, {"agent": "a"}]),
    "a policy's id": (["router-core"], ["Router", 5]),
    "a shipped set": (["planner", "critic", "router"], ["poet", 5]),
    "features by name": (
        [{"a": {"kind": "numeric", "at": "tokensIn"}}],
        [{"a b": {"kind": "numeric", "at": "tokensIn"}}, {"a": {"kind": "numeric"}}],
    ),
    "`auto`, `logistic` or `tree`": (["auto", "logistic", "tree"], ["forest", None]),
    "a class": (["fine"], ["good bad", 5]),
    "costs by arm": ([{}, {"a": 0, "b": 1}], [{"a": 1}, {"a": -1, "b": 1}]),
    "none without arms": ([{}], [{"a": "b"}]),
    "a kind of feature": (["numeric", "boolean", "textLength", "hashedWords"], ["text", None]),
    "a path": (["costUsd", "meta.a.b"], ["1", "a b", 5]),
    "a number": ([0, 0.5], ["x", True]),
    "none but of a categorical one": ([[]], [["a"]]),
    "`recorded`, `rules` or `llm`": (["recorded"], ["oracle", None]),
    "a name": (["gpt-5", "a/b:c@1"], ["", "a b", "-a", "a" * 121, 5]),
    "agents": ([[], ["*"], ["router:*", "a"]], [["*a"], [""], "a"]),
    "settings of its kind": ([{}], [{"rules": []}, []]),
    "1 to 200 rules": ([[RULE], [RULE] * 200], [[], [RULE] * 201, [{"at": "a", "above": 1}], RULE]),
    "a text, number or switch": (["a", 1, 0.5, True], [[1], {"a": 1}]),
    "some of these": ([["a", 1, False]], [[], "a", [[1]]]),
    "a regular expression": (["^no", "a" * 500], ["", "(", "a" * 501, 5]),
    "a label": (["fine", "not bad", "a" * 64], ["", "?", "a" * 65, 5]),
    "what is said": ([{"label": "good"}, {"score": 1}], [{}, {"confidence": 1}, RULE]),
    "an address": (["https://host/v1"], ["ftp://host", "http://me@host", "host", 5]),
    "1 to 200 characters": (["a", "a" * 200], ["", "a" * 201, 5]),
    "a prompt": (["{meta.a}?", "{a}" + "a" * 19_997], ["", "good?", "{a}" + "a" * 19_998, 5]),
    "scores by class": ([{"good": 1, "odd": None}], [{"good": 1.1}, {"?": 1}, ["good"]]),
    "none or two": ([[], PAIR], [PAIR[:1], PAIR[:1] * 2, [*PAIR, {"name": "c", "at": "c"}]]),
    "a name that ends in `API_KEY`": (["API_KEY", "MY_API_KEY"], ["HOME", "my_API_KEY", 5]),
    "all nine, together 1": ([NINE], [NINE | {"grounding": 0.9}, {"gatePassRate": 1}, {}, [1]]),
    "weights by phase": (
        [{"p": {"weights": {"grounding": 0.5}}}, {f"p{i}": {} for i in range(50)}],
        [
            {"p": {"weights": {"grounding": 1.1}}},
            {"p": {"weights": {"mood": 0.1}}},
            {"a phase": {}},
            {f"p{i}": {} for i in range(51)},
        ],
    ),
    "weights by tenant": (
        [
            {"t": {"weights": {"grounding": 0}, "phases": {"p": {"weights": NINE}}}},
            {f"t{i}": {} for i in range(200)},
        ],
        [
            {"t": {"phases": {"p": {"weights": {"grounding": 1.1}}}}},
            {"t": {"weights": dict.fromkeys(NINE, 0)}},
            {f"t{i}": {} for i in range(201)},
        ],
    ),
    "limits by metric": (
        [{"loss": {"weakAbove": 0.5}, "grounding": {}}],
        [{"mood": {}}, {"loss": {"weakAbove": 0.01}}],
    ),
    "types by metric": (
        [{}, {"loss": "tool_tuning", "reward": "parameter_tuning"}],
        [{"mood": "tool_tuning"}, {"loss": "luck"}],
    ),
    "sinks by name": (
        [{}, {"log": {"kind": "log"}}, {f"s{i}": {"kind": "log"} for i in range(20)}],
        [{"Log": {"kind": "log"}}, {"log": {}}, {f"s{i}": {"kind": "log"} for i in range(21)}],
    ),
    "rules by name": ([{"scoring-lag": {}}], [{"mood": {}}, {"scoring-lag": {"opens": "x"}}]),
    "`log`, `webhook` or `cloudevents`": (["log"], ["mail", None]),
    "a severity": (["info", "warning", "critical"], ["fatal", 1]),
    "kinds of alerts": ([[], ["scoring-lag", "audit-broken"]], [["Scoring"], "scoring-lag"]),
    "`slack`, `pagerduty` or `json`": (["slack", "json"], ["pagerduty", "teams", None]),
    "a variable": (["RATCHET_ALERT_URL"], ["RATCHET_KEY", "https://host", 5]),
    "a source": (["ratchet/prod", "a" * 200], ["", "a b", "a" * 201, 5]),
    "datasets by name": (
        [{"d": {}}, {f"d{i}": {"size": 1} for i in range(50)}],
        [{"a b": {}}, {"my/own": {}}, {"d": {"size": 0}}, {f"d{i}": {} for i in range(51)}],
    ),
    "names": ([[], ["planner"], ["a"] * 50], [[""], ["a"] * 51, "a"]),
    "domains": ([[], ["travel", "qa"]], [["sports"], "qa"]),
    "task types": ([[], ["tool_use"]], [["chat"], "tool_use"]),
    "prices by model": (
        [{"m": 0}, {f"m{i}": 1_000_000 for i in range(50)}],
        [{"m": -1}, {"m": 1_000_001}, {"m": "1"}, {f"m{i}": 1 for i in range(51)}],
    ),
    "`rollout` or `programme`": (["rollout", "programme"], ["policy", None]),
}


def rows(section: str) -> dict[str, tuple[str, str, str]]:
    """Return default, bounds and meaning by field, as the section's table has them."""
    found = re.findall(r"^\| (`.+)\|$", SECTIONS[section], re.MULTILINE)
    cells = [[cell.strip() for cell in line.split(" |")] for line in found]
    return {name.strip("`"): (default, bound, why) for name, default, bound, why, *_ in cells}


def fields(model: type[Model], given: Model | None = None) -> Iterator[tuple[str, str]]:
    """Yield each field of a model with its default, as the tables write them."""
    for name, field in model.model_fields.items():
        alias, kind = str(field.alias), field.annotation
        if name == "v":
            continue
        lines = [k for k in get_args(kind) if get_origin(kind) in (list, tuple)]
        nested = next(iter(lines), kind)
        default = getattr(given, name) if given else field.get_default()
        if isinstance(nested, type) and issubclass(nested, Model):
            inner = default if isinstance(default, Model) else None
            yield from ((f"{alias}.{n}", shown) for n, shown in fields(nested, inner))
            if not lines:
                continue
        if field.is_required() and given is None:
            yield alias, ""
        else:
            yield alias, "absent" if default is None else f"`{json.dumps(default, default=_said)}`"


def _said(default: Any) -> Any:
    """Return what a model in a default says that is not its own default."""
    return default.model_dump(by_alias=True, exclude_unset=True)


def put(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy with one value replaced."""
    changed = inner = deepcopy(document)
    *outer, last = path.split(".")
    if len(outer) == 1 and outer[0] in LINES:
        first, *rest = LINES[outer[0]]
        return changed | {outer[0]: [first | {last: value}, *rest]}
    for name in outer:
        inner = inner.setdefault(name, {})
    inner[last] = value
    return changed


def probes(name: str, bound: str) -> tuple[list[Any], list[Any]]:
    """Return values that a bound allows, up to its ends, and values just outside."""
    if bound in WORDS:
        return WORDS[bound]
    if between := re.fullmatch(r"(-?\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)", bound):
        low, high = map(_number, between.groups())
        below, above = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
        return [low, high], [below, above, low - 1, high + 1]
    if many := re.fullmatch(r"up to (\d+)", bound):
        n = int(many[1])
        return [MANY[name](n)], [MANY[name](n + 1)]
    if within := re.fullmatch(r"over (\d+), under (\d+\.\d+)", bound):
        low, high = map(_number, within.groups())
        return [math.nextafter(low, high), math.nextafter(high, low)], [low, high]
    over = re.fullmatch(r"over (\d+)(?:, up to (\d+))?", bound)
    assert over, f"{name}: what does {bound!r} allow?"
    low = int(over[1])
    most = [int(over[2])] if over[2] else []
    return [math.nextafter(low, math.inf), *most], [low, *(n + 1 for n in most)]


def _number(digits: str) -> float:
    return float(digits) if "." in digits else int(digits)


@pytest.fixture
def seeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ratchet:
    monkeypatch.chdir(tmp_path)
    for name in ("RATCHET_STORE", "RATCHET_KEY", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    ratchet = command_line(capsys)
    assert ratchet("seed").status == 0
    return ratchet


@pytest.mark.parametrize("name", CONFIGS)
def test_the_example_of_a_document_is_set_for_real(seeded: Ratchet, name: str) -> None:
    given = example(f"config/{name}")
    file = write_json("document.json", given)
    ran = seeded("config", "set", name, file, "--reason", "the example", "--json")
    assert (ran.status, ran.err) == (0, "")
    shown = seeded("config", "show", name, "--json").json
    assert {field: _like(given[field], shown[field]) for field in given} == given
    assert shown.keys() - {"v"} == given.keys(), "an example names every field"


def _like(given: Any, shown: Any) -> Any:
    """Return what was shown of what was given: fields that were left out of it have defaults."""
    if isinstance(given, dict) and isinstance(shown, dict):
        return {name: _like(value, shown.get(name)) for name, value in given.items()}
    if isinstance(given, list) and isinstance(shown, list) and len(given) == len(shown):
        return [_like(value, other) for value, other in zip(given, shown, strict=True)]
    return shown


def test_the_params_and_the_tuning_space_make_a_version_for_real(seeded: Ratchet) -> None:
    params = write_json("params.json", example(PARAMS))
    space = write_json("space.json", example(SPACE))
    arguments = ("--params", params, "--space", space, "--reason", "the example", "--json")
    ran = seeded("policy", "propose", "mine", *arguments)
    assert (ran.status, ran.err) == (0, "")
    assert seeded("policy", "activate", "mine", "1.0.0", "--reason", "the example").status == 0
    shown = seeded("policy", "show", "mine", "--json").json
    assert (shown["params"], shown["tuningSpace"]) == (example(PARAMS), example(SPACE))
    assert set(rows(PARAMS)) < set(example(PARAMS)), "an example names every known param"


def test_the_pair_of_the_example_is_one_that_a_judge_is_asked_about() -> None:
    MODELS[LLM][1](example(LLM))
    pair = LlmSettings.parse(example(LLM))
    assert [candidate.name for candidate in pair.candidates] == ["new", "old"]


@pytest.mark.parametrize("section", MODELS)
def test_a_table_has_every_field_with_its_default_and_its_meaning(section: str) -> None:
    table = rows(section)
    assert {name: default for name, (default, _, _) in table.items()} == dict(
        fields(MODELS[section][0])
    )
    assert all(meaning for _, _, meaning in table.values())


@pytest.mark.parametrize(
    ("section", "name"), [(section, name) for section in MODELS for name in rows(section)]
)
def test_a_bound_of_a_table_is_where_a_value_begins_to_be_refused(section: str, name: str) -> None:
    _, parse, least = MODELS[section]
    path = name.partition(".")[0] if name in MANY else name
    allowed, refused = probes(name, rows(section)[name][1])
    assert allowed
    assert refused
    for value in allowed:
        parse(put(least, path, value))
    for value in refused:
        with pytest.raises(InvalidInput):
            parse(put(least, path, value))


def test_every_section_with_a_table_is_held_against_a_model() -> None:
    tabled = {section for section, body in SECTIONS.items() if "\n| field |" in body}
    assert tabled == set(MODELS)


def test_the_profiles_that_ship_are_those_of_the_table() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", SECTIONS["Profiles that ship"], re.M)
    assert {name: cells.split(" | ") for name, cells in told} == {
        name: [
            p.goal.metric,
            p.goal.above,
            p.goal.rollback,
            p.detect,
            ", ".join(map(str, p.steps)),
            f"{p.deadline_hours:g} h",
        ]
        for name, p in PROFILES.items()
    }


def test_the_metrics_are_those_of_the_table_with_the_units_that_they_take() -> None:
    told = re.findall(r"^\| `(\S+)` \| (\w+) \| (.+?) \|", SECTIONS["Metrics and amounts"], re.M)
    known = {name: metric_named(name) for name in METRICS}
    known |= {"loss:TERM": metric_named("loss:grounding"), "error:CODE": metric_named("error:CODE")}
    assert told == [(name, m.better, ", ".join(units_of(m))) for name, m in known.items()]


@pytest.mark.parametrize("line", sorted(set(shown_in(TEXT))))
def test_a_command_line_that_is_shown_exists(line: str) -> None:
    assert unknown(line) == ""
