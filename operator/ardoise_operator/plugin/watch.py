"""`status`, once or again and again."""

import math
from contextlib import nullcontext

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ardoise_operator.plugin.api import Api, Silent
from ardoise_operator.plugin.looking import every, look
from ardoise_operator.plugin.screen import screen, seen
from ardoise_operator.plugin.words import clean

LOOK_EVERY_S = 2.0


def once(api: Api, replication: str, console: Console) -> bool:
    """Whether all is ready. Raises Problem."""
    picture = look(api, replication)
    console.print(seen(picture, api.context))
    console.print(screen(picture))
    return picture.is_ready


def watched(api: Api, replication: str, console: Console) -> bool:
    """Until Ctrl-C; whether all was ready at the last look. Raises Problem."""
    ready, last = False, ""
    head, body = Text(), Group()
    with (
        Live(console=console, auto_refresh=False, screen=True)
        if console.is_terminal
        else nullcontext() as live
    ):
        try:
            for _ in every(LOOK_EVERY_S, math.inf):
                try:
                    picture = look(api, replication)
                    head, body, ready = seen(picture, api.context), screen(picture), picture.is_ready
                except Silent as error:
                    head, ready = Text(clean(str(error)), "bold red"), False
                if live is not None:
                    live.update(Group(head, body), refresh=True)
                # Into a file or a pipe goes what has changed, and not each look.
                elif (text := _plain(body, console) + (head.plain if not ready else "")) != last:
                    console.print(head, body, sep="\n")
                    last = text
        except KeyboardInterrupt:
            pass
    if live is not None:
        console.print(head, body, sep="\n")
    return ready


def _plain(body: Group, console: Console) -> str:
    with console.capture() as captured:
        console.print(body)
    return captured.get()
