"""`ardoise tracker ...`: phones and other trackers that people own, put on riders, watched and replayed."""

import contextlib
import secrets
import socket
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from ardoise.cli import tracker_calls as calls
from ardoise.cli import tracker_replay, tracker_words
from ardoise.cli.calls import Target
from ardoise.cli.race import DEFAULT_RACE_TARGET, DEFAULT_TARGET, RaceTarget
from ardoise.cli.tracker_calls import DEFAULT_TARGET as GATEWAY
from ardoise.cli.tracker_calls import Gateway, Source
from ardoise.pb.trackers_pb2 import TrackerSource
from ardoise.trackers.domain import pairing
from ardoise.trackers.domain.numbers import tracker_of
from ardoise.trackers.domain.reach import broker_of, reach_of

if TYPE_CHECKING:
    from ardoise.cli.tracker_watch import Watch

app = typer.Typer(
    help="Phones and other trackers that people own: put them on riders, see who is heard, try one, replay a ride. "
    "A race director's page: docs/trackers.",
    no_args_is_help=True,
)

TIMES = ["%H:%M:%S", "%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]
OUTSIDE = ("192.0.2.1", 9)
"""Nobody's address (RFC 5737): the way there leaves this machine by the interface that phones come in by."""
LISTENING = frozenset({"http", "tcp", "udp"})
"""Transports of ours that devices call; a broker and a serial line are reached otherwise."""
CLIENT_ID_BYTES = 8
TRACCAR_CLIENT = "Traccar Client (Android, iPhone): settings, QR code, scan this; then switch tracking on."
OWNTRACKS = "OwnTracks: scan this with the phone's camera, or open the link on the phone."
SMS = "Send to the tracker's number, one SMS a line, each after the answer to the one before:"
Bib = Annotated[int, typer.Option(min=1, max=999, help="The rider's number.")]
From = Annotated[
    datetime | None,
    typer.Option(
        "--from",
        formats=TIMES,
        help="The second from which it holds (local time: 14:02:10 is today's). Default: now.",
    ),
]
Named = Annotated[str, typer.Argument(help="The device's name, as `ardoise tracker list` shows it.")]
Host = Annotated[
    str,
    typer.Option(
        help="Where devices reach the gateway: name, name:port, or https://... of a proxy before it."
    ),
]


@app.command()
def add(
    bib: Bib,
    source: Source = "",
    device: Annotated[
        str, typer.Option(help="The name that a tracker brings: its IMEI, or what the source calls it.")
    ] = "",
    host: Host = "",
    password_file: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Of a phone that comes by a broker: its password there, which `ardoise up` keeps in "
            ".state/nats/phones/USER.password.",
        ),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Of OwnTracks at a source with key_file: a copy of that file, for what the phone encrypts with.",
        ),
    ] = None,
    png: Annotated[Path | None, typer.Option(help="Write the QR code there too, as a picture.")] = None,
    from_: From = None,
    wait: Annotated[bool, typer.Option(help="Wait for its first fix.")] = True,
    ingest: Target = DEFAULT_TARGET,
    gateway: Gateway = GATEWAY,
    race: RaceTarget = DEFAULT_RACE_TARGET,
) -> None:
    """Puts a new phone or tracker on a rider.

    Shows a QR code for a phone, or what to send by SMS to a tracker; then waits for its first fix.
    """
    found = calls.source(gateway, source)
    drawn = pairing.is_drawn(found.decoder, found.transport)
    if found.device and device not in ("", found.device):
        raise ValueError(f"{found.name}: all that comes there is {found.device}'s, leave out --device")
    device = device or found.device
    if drawn == bool(device):
        raise ValueError(
            f"{found.name}: the name is drawn, leave out --device"
            if drawn
            else f"{found.name}: say with --device what it calls itself (gt06, h02: its IMEI; by MQTT anne/phone)"
        )
    if drawn:
        device = pairing.draw_device(secrets.choice)
        device = f"{device}/phone" if found.decoder == pairing.OWNTRACKS else device
    lines, link = _instructions(found, device, host, password_file, key_file)
    _decide(found.name, device, bib, from_, ingest)
    for line in lines:
        typer.echo(line)
    if link:
        _show(link, png)
    if wait:
        with contextlib.suppress(KeyboardInterrupt):
            typer.echo(f"waiting for the first fix of bib {bib} (Ctrl-C: it stays {bib}'s)")
            _watch(found.name, device, gateway, race).until_heard(typer.echo)


@app.command()
def assign(
    device: Named,
    bib: Annotated[int | None, typer.Option(min=1, max=999, help="The rider's number.")] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="Nobody's from then on.")] = False,
    source: Source = "",
    from_: From = None,
    ingest: Target = DEFAULT_TARGET,
    gateway: Gateway = GATEWAY,
) -> None:
    """Adopts a device that knocks, or changes bikes.

    From that second on it is this rider's; the rider's tracker before it is nobody's then. Of a number alone, as
    relays and lists have it: `ardoise race assign`.
    """
    if nobody == (bib is not None):
        raise ValueError("say either whose it is (--bib 12) or that it is nobody's (--nobody)")
    found = calls.source(gateway, source)
    _decide(found.name, device, bib or 0, from_, ingest)
    if bib and calls.device(gateway, tracker_of(found.name, device)) is None:
        typer.echo(
            f"  {found.name} has not heard {device} yet: is that its name? ardoise tracker list shows who is"
        )


@app.command("list")
def list_devices(
    unknown: Annotated[bool, typer.Option("--unknown", help="Only who knocks and is nobody's.")] = False,
    ingest: Target = DEFAULT_TARGET,
    gateway: Gateway = GATEWAY,
    race: RaceTarget = DEFAULT_RACE_TARGET,
) -> None:
    """Who is heard, on whose bike, how well; and who knocks.

    Below the list are the devices that nobody knows, each with the command that adopts it.
    """
    heard = calls.devices(gateway, unknown_only=unknown)
    now_ms = time.time_ns() // 1_000_000
    console = Console(soft_wrap=True, highlight=False)
    if not unknown:
        shown = tracker_words.table(heard, calls.assignments(ingest), calls.stage(race), now_ms)
        if shown.row_count:
            # As wide as it has to be where it goes to a file or a pipe: devices are copied from it.
            Console(width=None if console.is_terminal else 200).print(shown)
        else:
            typer.echo("nobody is heard yet: ardoise tracker add --bib N")
    knocking = tracker_words.knocking(heard, now_ms)
    if knocking:
        console.print(Text(f"nobody's, and knocking ({len(knocking)}):", tracker_words.ACCENT))
        for line in knocking:
            console.print(f"  {line}", markup=False)
    elif unknown:
        typer.echo("nobody knocks")


@app.command("test")
def try_one(
    device: Named,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on after the first good fix, until Ctrl-C.")
    ] = False,
    source: Source = "",
    gateway: Gateway = GATEWAY,
    race: RaceTarget = DEFAULT_RACE_TARGET,
) -> None:
    """Follows one device, fix by fix, until one is good.

    Each with satellites, accuracy, battery, clock and how far the road is. Ends with 0 after the first that is good
    for a race.
    """
    _watch(calls.source(gateway, source).name, device, gateway, race).until_good(typer.echo, follow=follow)


app.command("replay")(tracker_replay.replay)


def _watch(source: str, device: str, gateway: str, race: str) -> "Watch":
    # Imported here: numpy is not for every command.
    from ardoise.cli.tracker_watch import Watch

    return Watch(source, device, gateway, calls.stage(race))


def _decide(source: str, device: str, bib: int, from_: datetime | None, ingest: str) -> None:
    decision = calls.assign(ingest, tracker_of(source, device), bib, _ms(from_), "")
    whose = f"on bib {bib}'s bike" if bib else "nobody's"
    typer.echo(
        f"{device} of {source} ({decision.assign.tracker}) is {whose} from "
        f"{tracker_words.at(decision.effective_time_ms)} on; undo: ardoise race undo {decision.decision_id}"
    )


def _ms(at: datetime | None) -> int:
    if at is None:
        return 0
    if at.year == 1900:  # a time of the day alone
        at = datetime.combine(datetime.now().astimezone().date(), at.time())
    return int(at.timestamp() * 1000)


def _instructions(
    source: TrackerSource, device: str, host: str, password_file: Path | None, key_file: Path | None
) -> tuple[list[str], str]:
    """What to do so that the device comes, and a link for its QR code, or none. Raises ValueError."""
    key = _key(source, device, key_file)
    if source.transport == "mqtt" and source.decoder == pairing.OWNTRACKS:
        if password_file is None:
            raise ValueError(
                f"{source.name}: say with --password-file where the password of {device}'s user is"
            )
        where = broker_of(source.address, host)
        password = password_file.read_text().strip()
        broker = pairing.Broker(*where, source.secure, password, secrets.token_hex(CLIENT_ID_BYTES))
        return [OWNTRACKS], pairing.owntracks_broker_link(broker, device, key)
    if source.transport not in LISTENING:
        return [f"It comes by {source.address} ({source.transport})."], ""
    reach = reach_of(source.address, host, _outward())
    if source.decoder == pairing.OSMAND:
        return [TRACCAR_CLIENT], pairing.traccar_link(reach.url, device)
    if source.decoder == pairing.OWNTRACKS:
        return [OWNTRACKS], pairing.owntracks_link(reach.url, device, key)
    if lines := pairing.sms_lines(source.decoder, reach.host, reach.port):
        return [SMS, *(f"  {line}" for line in lines)], ""
    lines = [f"The receiver sends to {reach.host}:{reach.port} ({source.transport})."]
    if source.decoder == pairing.NMEA and not source.device:
        lines.append(f"Its name stands before its sentences: {device}:$GPRMC,...")
    return lines, ""


def _key(source: TrackerSource, device: str, key_file: Path | None) -> str:
    """What a phone with OwnTracks encrypts with, or nothing. Raises ValueError."""
    if source.encrypted == (key_file is None):
        raise ValueError(
            f"{source.name}: has keys, say with --key-file where a copy of its key_file is"
            if source.encrypted
            else f"{source.name}: has no key_file, leave out --key-file"
        )
    if key_file is None:
        return ""
    # Imported here: an image without the extra `trackers` has the other commands.
    from ardoise.trackers.decoders.owntracks import secret_of

    return secret_of(str(key_file), device)


def _show(link: str, png: Path | None) -> None:
    # Imported here: an image without the extra `trackers` has the other commands.
    import io

    import segno

    code = segno.make(link, error="l", micro=False)
    drawn = io.StringIO()
    code.terminal(drawn, compact=True, border=2)
    # Light on dark whatever the terminal's own colours: scanners want the ground lighter than the code.
    Console(highlight=False, soft_wrap=True).print(Text(drawn.getvalue(), "bright_white on black"))
    typer.echo(link)
    if png is not None:
        code.save(str(png), kind="png", scale=8)
        typer.echo(f"written: {png}")


def _outward() -> str:
    """This machine's address on the way out; no packet is sent for it. Empty: there is no way out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(OUTSIDE)
        except OSError:
            return ""
        return probe.getsockname()[0]
