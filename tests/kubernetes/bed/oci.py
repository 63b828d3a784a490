"""OCI archives of one layer, from files that are there already: no builder, no registry."""

import gzip
import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Sequence
from pathlib import Path

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


def architecture() -> str:
    """Of this machine, as OCI names it."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def layer_of(program: Path) -> bytes:
    """A tar of one program at the root, the same bytes whenever and wherever it is made."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as layer:
        entry = tarfile.TarInfo(program.name)
        entry.mode, entry.size = 0o755, program.stat().st_size
        with program.open("rb") as content:
            layer.addfile(entry, content)
    return buffer.getvalue()


def write_archive(archive: Path, name: str, layer: bytes, command: Sequence[str], runs: str = "Cmd") -> None:
    """Writes an image of one layer (a tar); it takes its place only once it is whole.

    `runs`: as OCI names what the command is: `Cmd`, or `Entrypoint` of one that a pod gives arguments.
    """
    packed = gzip.compress(layer, compresslevel=1, mtime=0)
    config = _json(
        {
            "architecture": architecture(),
            "os": "linux",
            "config": {
                runs: list(command),
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"],
            },
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
            # Without one entry for each layer buildah takes nothing from its cache that was built on this.
            "history": [{"created_by": "ardoise test bed"}],
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": _described(CONFIG_TYPE, config),
            "layers": [_described(LAYER_TYPE, packed)],
        }
    )
    # Builders read the one annotation, containerd the other.
    names = {"org.opencontainers.image.ref.name": name, "io.containerd.image.name": name}
    described = {**_described(MANIFEST_TYPE, manifest), "annotations": names}
    index = _json({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [described]})
    files = {f"blobs/sha256/{_digest(blob)[7:]}": blob for blob in (packed, config, manifest)}
    files |= {"oci-layout": _json({"imageLayoutVersion": "1.0.0"}), "index.json": index}
    archive.parent.mkdir(parents=True, exist_ok=True)
    part = archive.with_suffix(".part")
    with tarfile.open(part, "w") as written:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            written.addfile(entry, io.BytesIO(content))
    part.replace(archive)


def _described(media_type: str, blob: bytes) -> dict[str, str | int]:
    return {"mediaType": media_type, "digest": _digest(blob), "size": len(blob)}


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _json(content: object) -> bytes:
    return json.dumps(content, sort_keys=True).encode()
