"""tilt/Tiltfile as Tilt evaluates it, in another interpreter of Starlark: what would be built, applied, run.

Tilt itself comes with no registry of packages. Its calls are written down in its API reference; here are those that the
Tiltfile makes, with the arguments that it gives: one that is not known here fails. What can be done is done: the chart
is rendered by Helm, files are read, commands are run.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import starlark
import yaml

from tests.support.chart import CHART, RELEASE, Object, assigned, loaded, overlaid, pod_specs, rendered

AUTO, MANUAL = "auto", "manual"
SETUP = "scripts/setup"
"""Not run again: it made what runs this."""
COMMAND_LIMIT_S = 60
# What a function of Python cannot be: it takes a function, or is found by a dot.
PRELUDE = """
named_by = []
def workload_to_resource_function(fn): named_by.append(fn)
def name_of(name, namespace): return named_by[0](struct(name = name, namespace = namespace))
def str(value): return text_of(value)
os = struct(path = struct(basename = basename))
config = struct(define_string = define_setting, define_string_list = define_setting, parse = parse_settings)
"""


class Refused(Exception):
    """Tilt would refuse it; the message says why."""


@dataclass(frozen=True)
class Blob:
    """Text that is content, where plain text is a path: Tilt tells them apart."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass
class Resource:
    """One line of Tilt's page: objects that are applied together, or a command."""

    name: str
    objects: list[Object] = field(default_factory=list)
    commands: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    """Each with its environment, in the root of the checkout."""
    options: dict[str, Any] = field(default_factory=dict)

    def listed(self, option: str) -> list[Any]:
        """What was given for it: labels, resource_deps, port_forwards, links."""
        return list(self.options.get(option, ()))


def checkout(repository: Path, directory: Path) -> Path:
    """The repository again, with a state of its own: what the Tiltfile makes stays in there."""
    for path in repository.iterdir():
        if path.name not in (".state", ".git", "tilt"):
            (directory / path.name).symlink_to(path)
    shutil.copytree(repository / "tilt", directory / "tilt")
    return directory


class Calls:
    """Every public method is a call of Tilt's; what they were told is kept."""

    def __init__(self, directory: Path, settings: Mapping[str, Any]) -> None:
        self.builds: list[dict[str, Any]] = []
        self.applied: list[Object] = []
        self.contexts: list[str] = []
        self.registry = self.version = ""
        self.ci: dict[str, str] = {}
        self._directory = directory
        self._settings, self._defined = settings, set[str]()
        self._configured: list[dict[str, Any]] = []
        self._local: list[Resource] = []

    def _path(self, path: str) -> Path:
        # By its letters, as Tilt does it: `..` is not where a link of it leads.
        return Path(os.path.normpath(self._directory / path))

    # Settings

    def define_setting(self, name: str, usage: str = "") -> None:
        self._defined.add(name)

    def parse_settings(self) -> dict[str, Any]:
        if unknown := set(self._settings) - self._defined:
            raise Refused(f"unknown settings: {', '.join(unknown)}")
        return dict(self._settings)

    def allow_k8s_contexts(self, contexts: Sequence[str]) -> None:
        self.contexts += contexts

    def default_registry(self, host: str) -> None:
        self.registry = host

    def ci_settings(self, **limits: str) -> None:
        if unknown := set(limits) - {"k8s_grace_period", "timeout", "readiness_timeout"}:
            raise Refused(f"ci_settings: {unknown}")
        self.ci |= limits

    def version_settings(self, constraint: str) -> None:
        self.version = constraint

    # This machine

    def local(self, command: str, dir: str = ".", stdin: Blob | None = None) -> starlark.OpaquePythonObject:
        if command == SETUP:
            assert (self._path(dir) / SETUP).stat().st_mode & 0o111
            return _opaque("")
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self._path(dir),
            input=str(stdin or ""),
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
        )
        if done.returncode != 0:
            raise Refused(f"{command}\n{done.stdout}{done.stderr}")
        return _opaque(done.stdout)

    def local_resource(
        self,
        name: str,
        cmd: str = "",
        dir: str = ".",
        env: Mapping[str, str] | None = None,
        serve_cmd: str = "",
        serve_dir: str = ".",
        serve_env: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        commands = [(cmd, dir, env or {}), (serve_cmd, serve_dir, serve_env or {})]
        for command, directory, _ in commands:
            if command and self._path(directory) != self._directory.parent:
                raise Refused(f"{name}: {command} is run in {directory}")
        told = [(command, given) for command, _, given in commands if command]
        known = {"resource_deps", "trigger_mode", "auto_init", "links", "labels"}
        if unknown := set(options) - known:
            raise Refused(f"local_resource: {unknown}")
        self._local.append(Resource(name, commands=told, options={"auto_init": True, **options}))

    def read_file(self, file_path: str) -> starlark.OpaquePythonObject:
        return _opaque(self._path(file_path).read_text())

    def read_yaml(self, path: str) -> Any:
        return loaded(self._path(path).read_text())

    def listdir(self, directory: str) -> list[str]:
        return sorted(str(path) for path in self._path(directory).iterdir() if path.is_file())

    def basename(self, path: str) -> str:
        return Path(path).name

    def text_of(self, value: Any) -> str:
        """As str() of Starlark: of a Blob its text."""
        return str(value)

    def encode_yaml(self, obj: Any) -> starlark.OpaquePythonObject:
        return _opaque(yaml.safe_dump(obj))

    def encode_yaml_stream(self, objs: list[Any]) -> starlark.OpaquePythonObject:
        return _opaque(yaml.safe_dump_all(objs))

    def decode_yaml_stream(self, yaml: Blob) -> list[Any]:
        return _documents(yaml.text)

    # Images and objects

    def docker_build(
        self, ref: str, context: str, target: str = "", build_args: Mapping[str, str] | None = None
    ) -> None:
        built = {"ref": ref, "context": self._path(context), "target": target, "build_args": build_args or {}}
        self.builds.append(built)

    def helm(
        self, pathToChartDir: str, name: str, namespace: str, values: Sequence[str], set: Sequence[str]
    ) -> starlark.OpaquePythonObject:
        if self._path(pathToChartDir).resolve() != CHART or name != RELEASE:
            raise Refused(f"{name} of {pathToChartDir}: only {RELEASE} of {CHART} is rendered here")
        given = overlaid({}, *(loaded(self._path(path).read_text()) for path in values))
        made = rendered(assigned(given, ",".join(set)), namespace)
        # All hooks too, but what lies in tests/: as Tilt does it.
        texts = [text for name, text in made.items() if name != "NOTES.txt" and not name.startswith("tests/")]
        return _opaque("\n---\n".join(texts))

    def k8s_yaml(self, yaml: Blob | str | Sequence[Blob | str]) -> None:
        for one in [yaml] if isinstance(yaml, Blob | str) else yaml:
            for made in _documents(one.text if isinstance(one, Blob) else self._path(one).read_text()):
                if fragments(made)[-1] in [fragments(other)[-1] for other in self.applied]:
                    raise Refused(f"twice: {fragments(made)[-1]}")
                self.applied.append(made)

    def k8s_resource(
        self,
        workload: str = "",
        new_name: str = "",
        port_forwards: Sequence[Any] = (),
        trigger_mode: str = AUTO,
        resource_deps: Sequence[str] = (),
        objects: Sequence[str] = (),
        links: Sequence[Any] = (),
        labels: Sequence[str] = (),
    ) -> None:
        if bool(workload) == bool(new_name):
            raise Refused("k8s_resource: a workload, or a new name for objects")
        self._configured.append({name: value for name, value in locals().items() if name != "self"})

    def port_forward(self, local_port: int, container_port: int, name: str = "") -> dict[str, Any]:
        return {"local": local_port, "container": container_port, "name": name}

    def link(self, url: str, name: str = "") -> dict[str, str]:
        return {"url": url, "name": name}


class Tilt(Calls):
    """One evaluation."""

    def __init__(self, root: Path, settings: Mapping[str, Any]) -> None:
        """Evaluates the Tiltfile of a checkout. `settings`: what comes after `tilt up --`. Raises StarlarkError."""
        super().__init__(root / "tilt", settings)
        self._module = self._evaluated((self._directory / "Tiltfile").read_text())

    def _evaluated(self, text: str) -> starlark.FrozenModule:
        dialect = starlark.Dialect.extended()
        # Tilt's interpreter, of Go, knows neither.
        dialect.enable_f_strings = False
        dialect.enable_types = starlark.DialectTypes.DISABLE
        known = starlark.Globals.extended_by([starlark.LibraryExtension.StructType])
        module = starlark.Module()
        for name in filter(lambda name: not name.startswith("_"), vars(Calls)):
            module.add_callable(name, getattr(self, name))
        module["TRIGGER_MODE_AUTO"], module["TRIGGER_MODE_MANUAL"] = AUTO, MANUAL
        for name, part in (("prelude", PRELUDE), ("Tiltfile", text)):
            starlark.eval(module, starlark.parse(name, part, dialect), known)
        return module.freeze()

    def resources(self) -> dict[str, Resource]:
        """By name, put together as Tilt does it: a workload and the Services that lead to it, then what k8s_resource
        says. What is left over Tilt calls uncategorized. Raises Refused."""
        left = list(self.applied)
        found: dict[str, Resource] = {}
        for one in self.applied:
            if not (pod := next(pod_specs([one]), None)):
                continue
            about = one["metadata"]
            name = self._module.call("name_of", about["name"], about["namespace"])
            if name in found:
                raise Refused(f"two workloads are named {name}")
            mine = [one, *(other for other in left if leads_to(other, about["namespace"], pod[1]["labels"]))]
            left = [other for other in left if other not in mine]
            found[name] = Resource(name, mine)
        for options in self._configured:
            name = options["workload"] or options["new_name"]
            if options["new_name"]:
                found[name] = Resource(name)
            if name not in found:
                raise Refused(f"k8s_resource of unknown resource {name}, known are {', '.join(found)}")
            found[name].options = options
            for fragment in options["objects"]:
                chosen = [one for one in self.applied if fragment.lower() in fragments(one)]
                if len(chosen) != 1 or chosen[0] not in left:
                    raise Refused(f"{name}: {fragment} is {len(chosen)} objects, or another resource's")
                left.remove(chosen[0])
                found[name].objects += chosen
        for resource in self._local:
            if resource.name in found:
                raise Refused(f"two resources are named {resource.name}")
            found[resource.name] = resource
        return found | ({"uncategorized": Resource("uncategorized", left)} if left else {})


def fragments(one: Object) -> list[str]:
    """What k8s_resource may call an object: name, name:kind, name:kind:namespace."""
    about = one["metadata"]
    parts = (about["name"], one["kind"], about.get("namespace", "default"))
    return [":".join(parts[:length]).lower() for length in (1, 2, 3)]


def leads_to(service: Object, namespace: str, labels: Mapping[str, str]) -> bool:
    """Whether it is a Service of these pods."""
    wanted = service["spec"].get("selector") if service["kind"] == "Service" else None
    here = service["metadata"].get("namespace") == namespace
    return bool(wanted) and here and wanted.items() <= labels.items()


def _opaque(text: str) -> starlark.OpaquePythonObject:
    return starlark.OpaquePythonObject(Blob(text))


def _documents(text: str) -> list[Any]:
    return [one for one in yaml.load_all(text, Loader=yaml.CSafeLoader) if one is not None]
