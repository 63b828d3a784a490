"""`status`, once or again and again."""

import math

from rich.console import Console, Group, RenderableType
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
    ready, last, body = False, "", None
    with Live(console=console, auto_refresh=False, screen=console.is_terminal) as live:
        try:
            for _ in every(LOOK_EVERY_S, math.inf):
                head: RenderableType
                try:
                    picture = look(api, replication)
                    head, body, ready = seen(picture, api.context), screen(picture), picture.is_ready
                except Silent as error:
                    head, ready = Text(clean(str(error)), "bold red"), False
                shown = Group(head, body) if body is not None else Group(head)
                if console.is_terminal:
                    live.update(shown, refresh=True)
                elif (text := _plain(body, console) if body is not None else str(head)) != last:
                    # Into a file or a pipe: what has changed, and not each look.
                    console.print(shown)
                    last = text
        except KeyboardInterrupt:
            pass
    if console.is_terminal and body is not None:
        console.print(Group(head, body))
    return ready


def _plain(body: RenderableType, console: Console) -> str:
    with console.capture() as captured:
        console.print(body)
    return captured.get()
