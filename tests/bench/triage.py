"""Triage of real messages before and after corrections, beside the same messages' groups.

The corpus is a gzipped file of JSON lines with "group" (easy-ham, hard-ham, spam) and "raw" (the message). It is looked
for beside the repository, or where `--corpus` says. Half of each group, drawn with a seed, is filed as a user would
file it; the other half is judged; then the halves change places.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from service.core.bayes import Counts
from service.core.category import CATEGORIES, Category
from service.core.email import Email
from service.core.mime import parse
from service.core.tokens import tokens
from service.core.triage import Context, triage
from tests.bench.figures import Figure, Target, Unit
from tests.bench.processes import Broken
from tests.bench.rounds import Rounds

CORPUS = Path(__file__).parents[3] / "shared" / "mail" / "corpus.jsonl.gz"
FILED: dict[str, Category] = {"easy-ham": "fyi", "hard-ham": "newsletter", "spam": "spam"}
SHARE = Unit("%", 100.0)
RECALL = Target(0.90, at_least=True)
FALSE_POSITIVES = Target(0.05)


@dataclass(frozen=True)
class Sample:
    """A message of the corpus, read once."""

    group: str
    email: Email
    tokens: frozenset[str]


@dataclass(frozen=True)
class Judged:
    """What became of messages: how many of each group were called what."""

    verdicts: Counter[tuple[str, Category]]

    def spam(self, group: str) -> float:
        """The share of a group that was called spam."""
        total = sum(count for (name, _), count in self.verdicts.items() if name == group)
        return self.verdicts[group, "spam"] / total


def measure(rounds: Rounds, _folder: Path, path: Path = CORPUS) -> list[Figure]:
    """Recall of spam and false positives; one sample a seed, in which each message was judged once."""
    corpus = _corpus(path)
    before = [judged(corpus, None)]
    split = [tuple(trained(corpus, seed)) for seed in range(rounds.count)]
    after = [Judged(first.verdicts + second.verdicts) for first, second in split]
    print(_confusion("before corrections", before))
    print(_confusion("after half was corrected", after))
    print(_worst([half for pair in split for half in pair]))
    return [
        *_figures("without corrections", before, targets={}),
        *_figures("half corrected", after, targets={"spam": RECALL, "hard-ham": FALSE_POSITIVES}),
    ]


def trained(corpus: list[Sample], seed: int) -> Iterator[Judged]:
    """Either half, judged after the other was filed."""
    first, second = halves(corpus, seed)
    for filed, tried in ((first, second), (second, first)):
        yield judged(tried, Counts.of((sample.tokens, FILED[sample.group]) for sample in filed))


def judged(part: list[Sample], learned: Counts | None) -> Judged:
    """The verdicts on these messages by what was learned."""
    context = Context(learned=learned)
    return Judged(Counter((sample.group, triage(sample.email, context).category) for sample in part))


def halves(corpus: list[Sample], seed: int) -> tuple[list[Sample], list[Sample]]:
    """Each group shuffled and dealt in turns."""
    shuffle = random.Random(seed).shuffle  # noqa: S311  (the same halves each time)
    first: list[Sample] = []
    second: list[Sample] = []
    for group in FILED:
        of_group = [sample for sample in corpus if sample.group == group]
        shuffle(of_group)
        first += of_group[::2]
        second += of_group[1::2]
    return first, second


def _corpus(path: Path) -> list[Sample]:
    if not path.exists():
        raise Broken(f"there is no corpus at {path}: name a gzipped file of JSON lines (group, raw) with --corpus")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [_sample(json.loads(line)) for line in lines]


def _sample(line: dict[str, str]) -> Sample:
    email = parse(line["raw"].encode())
    return Sample(line["group"], email, tokens(email))


def _figures(name: str, found: list[Judged], targets: dict[str, Target]) -> Iterator[Figure]:
    for group in ("spam", "hard-ham", "easy-ham"):
        what = "recall of spam" if group == "spam" else f"false positives on {group}"
        yield Figure(f"triage {name}: {what}", SHARE, [half.spam(group) for half in found], target=targets.get(group))


def _confusion(title: str, found: list[Judged]) -> str:
    """How many messages of each group got which category, over all halves."""
    verdicts = sum((one.verdicts for one in found), Counter[tuple[str, Category]]())
    width = max(map(len, CATEGORIES)) + 1
    lines = [f"\n{title} ({len(found)} times the corpus)", " " * 10 + "".join(name.rjust(width) for name in CATEGORIES)]
    lines += [
        group.ljust(10) + "".join(str(verdicts[group, one]).rjust(width) for one in CATEGORIES) for group in FILED
    ]
    return "\n".join(lines)


def _worst(found: list[Judged]) -> str:
    recall = [one.spam("spam") for one in found]
    wrong = [one.spam("hard-ham") for one in found]
    return (
        f"\nof {len(found)} halves: recall of spam {mean(recall):.3f}, at worst {min(recall):.3f}; "
        f"hard-ham called spam {mean(wrong):.3f}, at worst {max(wrong):.3f}\n"
    )
