"""`switchover` and `failover`: shown first, asked, written, followed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import typer
from rich.console import Console

from ardoise_operator.plugin.api import Api, Conflict, Silent
from ardoise_operator.plugin.follow import End, Following
from ardoise_operator.plugin.looking import every, look
from ardoise_operator.plugin.loss import outlook
from ardoise_operator.plugin.picture import Picture
from ardoise_operator.plugin.problem import INTERRUPTED_CODE, Misused, Problem
from ardoise_operator.plugin.screen import screen, seen
from ardoise_operator.plugin.wish import (
    Wish,
    accepted_loss,
    against_force,
    against_switchover,
    alignment,
    check_region,
    fresh_id,
    is_there,
    plan,
)
from ardoise_operator.plugin.words import span

FOLLOW_EVERY_S = 1.0
MOST_WRITES = 8
"""The operator writes the same object every few seconds: each time it may be in between."""


@dataclass(frozen=True)
class Way:
    """How a person wants it done."""

    dry_run: bool
    follow_s: float
    """For how long it is followed."""


class Mover:
    """One change of the primary."""

    def __init__(self, api: Api, replication: str, console: Console, way: Way) -> None:
        self._api, self._console, self._way = api, console, way
        self._name = replication

    def switch_over(self, region: str, yes: bool) -> bool:
        """As planned. Whether it is primary at the end. Raises Problem."""
        picture = self._shown(region)
        if is_there(picture, region):
            self._say(f"{region} is primary already, as wished for ({picture.spec['requestId']})")
            return True

        def confirm() -> None:
            if not yes and not typer.confirm(f"Move the primary to {region}?"):
                raise Problem("nothing was done")

        return self._wish(picture, Wish(self._fresh_id(picture, region), region), against_switchover, confirm)

    def fail_over(self, region: str, accept_loss: str, confirmed: str) -> bool:
        """Forced, with both answers, or asking for those that are empty. The same."""
        accepted = accepted_loss(accept_loss) if accept_loss else ""
        if confirmed not in ("", region):
            raise Misused(f"--confirm {confirmed} is not {region}: nothing was done")
        picture = self._shown(region)
        needed = accepted or outlook(picture, region).accepts

        def confirm() -> None:
            if not confirmed:
                _asked(f"Which region is to be forced? Type its name ({region})", region)
            if not accepted:
                _asked(f'What do you accept to lose? Type "lose {needed}"', f"lose {needed}")

        def against(now: Picture, target: str) -> list[str]:
            return against_force(now, target, needed)

        return self._wish(picture, Wish(self._fresh_id(picture, region), region, needed), against, confirm)

    def _shown(self, region: str) -> Picture:
        picture = look(self._api, self._name)
        check_region(picture, region)
        self._console.print(seen(picture, self._api.context))
        self._console.print(screen(picture))
        self._console.print()
        return picture

    @staticmethod
    def _fresh_id(picture: Picture, region: str) -> str:
        return fresh_id(picture, region, datetime.now(UTC).date())

    def _wish(
        self,
        picture: Picture,
        wish: Wish,
        against: Callable[[Picture, str], list[str]],
        confirm: Callable[[], None],
    ) -> bool:
        _refuse(against(picture, wish.region))
        self._console.print("What will be done:", style="bold")
        for number, line in enumerate(plan(picture, wish), 1):
            self._say(f"  {number}. {line}")
        if self._way.dry_run:
            self._api.patched("Replication", picture.name, wish.patch(picture.version), dry_run=True)
            self._say("dry run: the API server would take it; nothing was done")
            return True
        confirm()
        following = Following(wish, self._written(picture, wish, against))
        self._say(f"wish {wish.request_id} is written")
        for line in alignment(picture, wish, self._api.kubectl):
            self._say(line, style="dim")
        return self._follow(following, picture.name)

    def _written(self, shown: Picture, wish: Wish, against: Callable[[Picture, str], list[str]]) -> int:
        """The generation of the object with the wish in it. What was confirmed is what is written, or nothing is."""
        for _ in range(MOST_WRITES):
            now = look(self._api, shown.name)
            if now.generation != shown.generation:
                raise Problem(
                    "somebody else changed the object meanwhile, nothing was done: give the command again"
                )
            _refuse(against(now, wish.region))
            try:
                written = self._api.patched("Replication", shown.name, wish.patch(now.version))
                return written["metadata"]["generation"]
            except Conflict as error:
                conflict = error
        raise conflict

    def _follow(self, following: Following, name: str) -> bool:
        picture: Picture | None = None
        silent = ""
        try:
            for _ in every(FOLLOW_EVERY_S, self._way.follow_s):
                try:
                    picture = look(self._api, name)
                except Silent as error:
                    if str(error) != silent:
                        self._say(f"  {error}", style="yellow")
                    silent = str(error)
                    continue
                silent = ""
                for line in following.news(picture):
                    self._say(f"  {line}")
                if (end := following.end(picture)) is not None:
                    return self._told(end)
            self._say(f"not over after {span(self._way.follow_s)}", style="yellow")
            return self._told(following.so_far(picture))
        except Problem:
            self._told(following.so_far(picture))
            raise
        except KeyboardInterrupt:
            self._say("")
            self._told(following.so_far(picture))
            raise typer.Exit(INTERRUPTED_CODE) from None

    def _told(self, end: End) -> bool:
        for line in end.lines:
            self._say(line, style="bold green" if end.moved else "bold red")
        return end.moved

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _refuse(against: list[str]) -> None:
    if against:
        raise Problem(f"refused, nothing was done: {'; '.join(against)}")


def _asked(question: str, wanted: str) -> None:
    if typer.prompt(question, default="", show_default=False) != wanted:
        raise Problem("nothing was done")
