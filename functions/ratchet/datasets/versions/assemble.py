"""Assemble: from everything prepared to what a version holds; pure, and the same in any order.

Each step leaves some out, with one reason each: what the dataset does not take, what is refused for
training, duplicates, overlap with golden and test sets, poor examples, what links splits, the cap
of machines, and what is not drawn. What is left has a group, and its group a split.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ratchet.datasets.curate.sample import Candidate, sample
from ratchet.datasets.curate.score import Decision, Scored, score_examples
from ratchet.datasets.dedupe.clusters import Candidate as Ranked
from ratchet.datasets.dedupe.clusters import first_of_equals, preferred, repeated
from ratchet.datasets.dedupe.near import near_pairs
from ratchet.datasets.dedupe.pairs import Judged, pair_of
from ratchet.datasets.example import Example
from ratchet.datasets.guard.diversity import diversity_of
from ratchet.datasets.guard.guarded_set import Probe
from ratchet.datasets.guard.lineage import Descent, refusal
from ratchet.datasets.guard.machine import Weighed, cap_machine, is_machine, machine_share
from ratchet.datasets.guard.overlap import Guarded
from ratchet.datasets.protect.redact import redact_text
from ratchet.datasets.settings import DatasetSettings, DatasetSpec
from ratchet.datasets.versions.groups import Grouped, Member, link_groups
from ratchet.datasets.versions.ledger import Ledger
from ratchet.datasets.versions.manifest import manifest_order
from ratchet.datasets.versions.prepared import Prepared
from ratchet.datasets.versions.split import assign_splits, next_ledger
from ratchet.datasets.versions.statistics import statistics_of, stratum_of
from ratchet.datasets.versions.version import Entry, LeftOut, Split, Statistics

Doubtful = tuple[Prepared, Scored]
_LEFT: Mapping[Decision, LeftOut] = {"REVIEW": "in-review", "REJECT": "rejected"}


@dataclass(frozen=True)
class Case:
    """What a build knows beside its examples.

    `parent` are the contents of the version before, by id. `known` says that its examples were
    compared with each other by the present code and bound. `text_of` gives the normal form of an
    example's words by id, `answers` what people decided of those they were asked about, `judged`
    verdicts on near duplicates that were found before. `withdrawn` are all that ever were, since
    silver forgets, and takes again what is sent again.
    """

    dataset: str
    spec: DatasetSpec
    settings: DatasetSettings
    ledger: Ledger
    parent: Mapping[str, str]
    known: bool
    descent: Descent
    guarded: Guarded
    answers: Mapping[str, Decision]
    text_of: Callable[[str], str]
    judged: Judged = field(default_factory=dict)
    withdrawn: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Assembly:
    """What a version is: its entries in the manifest's order, and why the rest is not in it."""

    entries: list[Entry]
    left_out: dict[str, LeftOut]
    statistics: Statistics
    ledger: Ledger
    review: list[Doubtful]


@dataclass
class _Sieve:
    """What is left of the examples, and why the others are not."""

    live: list[Prepared]
    left_out: dict[str, LeftOut] = field(default_factory=dict)

    def drop(self, reasons: Mapping[str, LeftOut]) -> None:
        self.left_out |= reasons
        self.live = [one for one in self.live if one.example.id not in reasons]


def assemble(prepared: Sequence[Prepared], case: Case) -> Assembly:
    """Return what a version of a dataset holds."""
    sieve = _Sieve(sorted(prepared, key=lambda one: one.example.id))
    sieve.drop(_each(sieve.live, lambda example: _unwanted(example, case)))
    sieve.drop(_each(sieve.live, lambda example: refusal(example, case.spec, case.descent)))
    alike = sieve.live
    links = _duplicates(sieve, case)
    probes = [Probe(one.example.id, one.normal, one.signature) for one in sieve.live]
    sieve.drop(case.guarded.overlaps(probes, case.text_of, case.settings.near_duplicate))
    composites, review = _curate(sieve, case)
    members = _members(alike, sieve.left_out)
    grouped = link_groups(members, links, case.ledger)
    sieve.drop(dict.fromkeys(grouped.linking, "links-splits"))
    _draw(sieve, composites, case)
    return _placed(sieve, members, grouped, review, case)


def _each(
    live: Sequence[Prepared], reason_of: Callable[[Example], LeftOut | str]
) -> dict[str, LeftOut]:
    """Return the reason of each example that a rule by example leaves out."""
    reasons = {one.example.id: reason_of(one.example) for one in live}
    return {key: reason for key, reason in reasons.items() if reason}  # type: ignore[misc]  # no ""


def _unwanted(example: Example, case: Case) -> LeftOut | str:
    if example.withdrawn_at is not None or example.id in case.withdrawn:
        return "withdrawn"
    spec = case.spec
    wanted = (
        (spec.components, example.component),
        (spec.domains, example.domain),
        (spec.task_types, example.task_type),
    )
    return "not-wanted" if any(names and name not in names for names, name in wanted) else ""


def _duplicates(sieve: _Sieve, case: Case) -> list[tuple[str, str]]:
    """Leave out exact and near duplicates; returns the pairs that are near."""
    of = {one.example.id: one for one in sieve.live}
    ranked = preferred(
        Ranked(key, key in case.parent, one.example.quality, one.example.ts)
        for key, one in of.items()
    )
    equal = first_of_equals(ranked, [of[key].normal for key in ranked])
    sieve.drop(dict.fromkeys(equal, "exact-duplicate"))
    order = [key for key in ranked if key not in equal]
    same = [key for key in order if case.parent.get(key) == of[key].content]
    pairs = near_pairs(
        order,
        [of[key].signature for key in order],
        case.text_of,
        case.settings.near_duplicate,
        known=same if case.known else (),
        judged=lambda a, b: case.judged.get(pair_of(of[a].normal, of[b].normal)),
    )
    sieve.drop(dict.fromkeys(repeated(order, pairs), "near-duplicate"))
    return pairs


def _curate(sieve: _Sieve, case: Case) -> tuple[dict[str, float], list[Doubtful]]:
    """Leave out what is poor or in doubt; returns composites, and whom to ask people about."""
    if not sieve.live:
        return {}, []
    scored = score_examples(sieve.live, case.settings)
    decisions = {one.id: case.answers.get(one.id, one.decision) for one in scored}
    pairs = zip(sieve.live, scored, strict=True)
    review = [(one, its) for one, its in pairs if decisions[its.id] == "REVIEW"]
    sieve.drop({key: _LEFT[d] for key, d in decisions.items() if d != "ACCEPT"})
    return {one.id: one.composite for one in scored}, review


def _members(alike: Sequence[Prepared], left_out: Mapping[str, LeftOut]) -> list[Member]:
    """Return every example that could be trained on, duplicates too, since they link tasks."""
    dropped = ("exact-duplicate", "near-duplicate")
    return [
        Member(e.id, e.task_id, one.normal, left_out.get(e.id) not in dropped)
        for one in alike
        for e in [one.example]
    ]


def _draw(sieve: _Sieve, composites: Mapping[str, float], case: Case) -> None:
    """Leave out machines over their cap, and what is not drawn; the cap holds of what is drawn."""

    def cap() -> None:
        weighed = [
            Weighed(one.example.id, is_machine(one.example), composites[one.example.id])
            for one in sieve.live
        ]
        over = cap_machine(weighed, case.spec.max_machine_share)
        sieve.drop(dict.fromkeys(over, "machine-share"))

    cap()
    if case.spec.size is not None:
        candidates = [Candidate(one.example.id, _stratum(one.example)) for one in sieve.live]
        drawn = sample(candidates, case.spec.size, case.dataset)
        out = {one.id for one in candidates} - drawn
        sieve.drop(dict.fromkeys(out, "sampled-out"))
        cap()


def _placed(
    sieve: _Sieve,
    members: Sequence[Member],
    grouped: Grouped,
    review: list[Doubtful],
    case: Case,
) -> Assembly:
    """Give each group its split, and each example its entry."""
    strata: dict[str, str] = {}
    for one in sieve.live:  # in order of id: the first says what stratum a new group is of
        strata.setdefault(grouped.group_of[one.example.id], _stratum(one.example))
    splits = assign_splits(strata, case.ledger)
    groups = [grouped.group_of[one.example.id] for one in sieve.live]
    entries = [
        _entry(one, group, splits[group]) for one, group in zip(sieve.live, groups, strict=True)
    ]
    weighed = [Weighed(one.example.id, is_machine(one.example), 0.0) for one in sieve.live]
    entries.sort(key=manifest_order)
    return Assembly(
        entries=entries,
        left_out=sieve.left_out,
        statistics=statistics_of(
            entries,
            sieve.live,
            diversity=diversity_of([one.vector for one in sieve.live]) if sieve.live else 0.0,
            machine_share=machine_share(weighed),
        ),
        ledger=next_ledger(case.ledger, members, grouped, strata, splits),
        review=review,
    )


def _entry(one: Prepared, group: str, split: Split) -> Entry:
    example = one.example
    return Entry(
        id=example.id,
        content=one.content,
        split=split,
        group=group,
        domain=example.domain,
        task_type=example.task_type,
        band=example.band,
        quality=example.quality,
        tokens=one.tokens,
        source=example.source,
        source_id=redact_text(example.source_id),  # versions leave silver, and ids may be people's
    )


def _stratum(example: Example) -> str:
    return stratum_of(example.domain, example.band)
