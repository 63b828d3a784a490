"""Writes services/ardoise/pb from proto/; `make proto`, and a test that both are in step.

protoc derives Python imports from the proto path (ardoise.v1.x); ours live in ardoise.pb, so that the
package says that it is generated. Messages keep their full names (ardoise.v1.X) on the wire.
"""

import re
import sys
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

PROTO = Path(__file__).resolve().parent
PB = PROTO.parent / "services" / "ardoise" / "pb"


def generate(target: Path) -> None:
    """Fills target with the modules generated from every contract. Raises SystemExit where protoc fails."""
    well_known = resources.files("grpc_tools") / "_proto"
    contracts = sorted(str(path.relative_to(PROTO)) for path in (PROTO / "ardoise" / "v1").glob("*.proto"))
    scratch = target / "ardoise" / "v1"
    scratch.mkdir(parents=True)
    outputs = [f"--{kind}={target}" for kind in ("python_out", "pyi_out", "grpc_python_out")]
    code = protoc.main(["protoc", f"-I{PROTO}", f"-I{well_known}", *outputs, *contracts])
    if code:
        raise SystemExit(code)
    for module in scratch.iterdir():
        text = re.sub(r"^from ardoise\.v1 import", "from ardoise.pb import", module.read_text(), flags=re.M)
        if not module.stem.endswith("_grpc") or "Servicer" in text:
            (target / module.name).write_text(text)
        module.unlink()
    scratch.rmdir()
    scratch.parent.rmdir()
    (target / "__init__.py").write_text('"""Generated from proto/ by proto/generate.py; never edited."""\n')


if __name__ == "__main__":
    destination = Path(sys.argv[1]) if len(sys.argv) > 1 else PB
    destination.mkdir(parents=True, exist_ok=True)
    for stale in destination.glob("*.py*"):
        stale.unlink()
    generate(destination)
