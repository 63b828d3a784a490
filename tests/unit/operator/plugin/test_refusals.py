"""What an API server refuses is told in one line, with what to do next."""

import pytest
from ardoise_operator.plugin.api import EVERYWHERE, PLURALS, Asked, Conflict, Silent, Unauthorized, refused
from ardoise_operator.plugin.picture import only_one
from ardoise_operator.plugin.problem import Misused, Problem

from tests.support import own_kinds

LISTED = Asked("list", "Replication", "race")
PATCHED = Asked("patch", "Replication", "race", "race")


@pytest.mark.parametrize(
    ("status", "asked", "kind", "words"),
    [
        (401, LISTED, Unauthorized, "ams does not know you, log in anew"),
        (403, LISTED, Problem, "you lack the right to list replications.ardoise.dev -n race at ams"),
        (403, PATCHED, Problem, "auth can-i patch replications.ardoise.dev -n race"),
        (
            403,
            Asked("list", "Replication", EVERYWHERE),
            Problem,
            "replications.ardoise.dev in all namespaces",
        ),
        (403, Asked("list", "Pod", "race"), Problem, "the right to list pods -n race"),
        (404, LISTED, Problem, "ams knows no replications.ardoise.dev: it is no region's cluster"),
        (404, Asked("get", "Drill", "race", "x"), Problem, "there is no Drill x in namespace race of ams"),
        (409, PATCHED, Conflict, "somebody else writes Replication race at the same time"),
        (422, PATCHED, Problem, "ams refuses it: spec.force: why"),
        (429, LISTED, Silent, "ams answers 429"),
        (503, LISTED, Silent, "ams answers 503"),
        (418, LISTED, Problem, "ams answers 418: spec.force: why"),
    ],
)
def test_each_says_what_to_do(status: int, asked: Asked, kind: type[Problem], words: str):
    found = refused(status, "spec.force: why", asked, "ams")
    assert type(found) is kind
    assert words in str(found)
    assert "\n" not in str(found)


def test_the_kinds_are_those_of_the_definitions():
    assert PLURALS == own_kinds.PLURALS


def replication(name: str, namespace: str = "race") -> dict:
    return {"metadata": {"name": name, "namespace": namespace}}


def test_of_one_replication_no_name_is_needed():
    assert only_one([replication("race")], "", "race", []) == replication("race")


def test_of_several_one_has_to_be_named():
    several = [replication("race"), replication("women")]
    with pytest.raises(
        Misused, match="2 Replications in namespace race: add --replication, one of race, women"
    ):
        only_one(several, "", "race", [])
    assert only_one(several, "women", "race", []) == replication("women")


def test_one_of_another_namespace_is_pointed_at():
    with pytest.raises(Misused, match="no Replication in namespace default: add -n race"):
        only_one([], "", "default", [replication("race")])


def test_where_there_is_none_it_says_what_to_apply():
    with pytest.raises(Problem, match="there is no Replication women in namespace race: apply one"):
        only_one([replication("race")], "women", "race", [])
