"""The standings as tables for a terminal."""

from collections.abc import Iterator

from rich.table import Table

from ardoise.pb import race_pb2, setup_pb2

CM_PER_KM = 100_000


def tables(found: race_pb2.GetStandingsResponse, setup: setup_pb2.StageSetup, most: int) -> Iterator[Table]:
    """The result and each classification that has lines, with at most so many of them."""
    names = {rider.bib: f"{rider.family_name} ({rider.team_code})" for rider in setup.riders}
    teams = {team.code: team.name for team in setup.teams}
    where = f"km {found.distance_cm / CM_PER_KM:.1f}"
    if found.distance_cm == setup.route.finish_cm:
        where = "the finish"
    result = _table(f"Provisional result at {where}", "", "rider", "time", "gap", "")
    for line in found.result[:most]:
        note = "time of the group" if line.credited else "" if line.passed else "on the road"
        result.add_row(
            str(line.place), names.get(line.bib, ""), clock(line.time_s), _behind(line.gap_s), note
        )
    yield result
    for title, lines in (("General classification", found.general), ("Young riders", found.young)):
        table = _table(title, "", "", "rider", "time", "gap", "before", "today", "bonus")
        for line in lines[:most]:
            table.add_row(
                *(str(line.rank), moved(line)),
                names.get(line.bib, ""),
                *(clock(line.time_s), _behind(line.gap_s), clock(line.before_s), clock(line.today_s)),
                f"-{line.bonus_s}" if line.bonus_s else "",
            )
        if lines:
            yield table
    for title, lines in (("Points", found.points), ("Mountains", found.mountains)):
        table = _table(title, "", "", "rider", "points", "before", "today")
        for line in lines[:most]:
            won = ", ".join(f"{gain.name} {gain.points}" for gain in line.gains)
            table.add_row(
                *(str(line.rank), moved(line), names.get(line.bib, "")),
                str(line.points),
                str(line.before),
                won,
            )
        if lines:
            yield table
    table = _table("Teams", "", "", "team", "time", "gap", "riders")
    for line in found.teams[:most]:
        table.add_row(
            *(str(line.rank), moved(line), teams.get(line.team_code, line.team_code)),
            *(clock(line.time_s), _behind(line.gap_s)),
            ", ".join(map(str, line.bibs)),
        )
    if found.teams:
        yield table


def clock(time_s: int) -> str:
    """`3:07:09`, as results are written."""
    return f"{time_s // 3600}:{time_s // 60 % 60:02}:{time_s % 60:02}"


def moved(line: race_pb2.TimeStanding | race_pb2.PointsStanding | race_pb2.TeamStanding) -> str:
    """How many ranks up or down since the stage before; empty: none, or no rank then."""
    if not line.HasField("rank_before") or line.rank_before == line.rank:
        return ""
    return f"{line.rank_before - line.rank:+d}"


def _behind(gap_s: int) -> str:
    return f"+{gap_s // 60}:{gap_s % 60:02}" if gap_s else ""


def _table(title: str, *columns: str) -> Table:
    table = Table(*columns, title=title, title_justify="left", box=None)
    for column, heading in zip(table.columns, columns, strict=True):
        column.justify = "left" if heading in ("rider", "team", "riders", "today", "") else "right"
    return table
