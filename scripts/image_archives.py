"""OCI archives of container images: what they hold, and how large that is."""

import contextlib
import gzip
import json
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

GZIP = b"\x1f\x8b"
CHUNK_BYTES = 1 << 20


class NoArchive(ValueError):
    """The file is no OCI archive of one image."""


def image_id(archive: Path) -> str:
    """What builders call the image, whatever its name. Raises NoArchive."""
    with _opened(archive) as opened:
        return opened.manifest["config"]["digest"].rpartition(":")[2]


def sizes(archive: Path) -> tuple[int, int]:
    """Bytes of all layers, unpacked and compressed. Raises NoArchive."""
    unpacked = packed = 0
    with _opened(archive) as opened:
        for layer in opened.manifest["layers"]:
            content = opened.blob(layer["digest"])
            zipped = content.read(len(GZIP)) == GZIP
            content.seek(0)
            unpacked += sum(map(len, _chunks(gzip.GzipFile(fileobj=content) if zipped else content)))
            # docker keeps them as they are; what goes to a registry is compressed.
            packed += layer["size"] if zipped else _compressed(content)
    return unpacked, packed


@dataclass(frozen=True)
class _Opened:
    file: tarfile.TarFile

    @property
    def manifest(self) -> dict[str, Any]:
        (described,) = json.load(self._member("index.json"))["manifests"]
        return json.load(self.blob(described["digest"]))

    def blob(self, digest: str) -> IO[bytes]:
        return self._member(f"blobs/{digest.replace(':', '/')}")

    def _member(self, name: str) -> IO[bytes]:
        found = self.file.extractfile(name)
        if found is None:
            raise KeyError(name)
        return found


@contextlib.contextmanager
def _opened(archive: Path) -> Iterator[_Opened]:
    try:
        with tarfile.open(archive) as file:
            yield _Opened(file)
    except (KeyError, ValueError, tarfile.TarError) as error:
        raise NoArchive(f"{archive} is no OCI archive of one image ({error})") from error


def _chunks(content: IO[bytes]) -> Iterator[bytes]:
    while chunk := content.read(CHUNK_BYTES):
        yield chunk


def _compressed(content: IO[bytes]) -> int:
    content.seek(0)
    packer = zlib.compressobj()
    return sum(len(packer.compress(chunk)) for chunk in _chunks(content)) + len(packer.flush())
