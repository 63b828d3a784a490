"""Our kinds, as lightkube has them."""

from lightkube.generic_resource import create_namespaced_resource

GROUP, VERSION = "ardoise.dev", "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
PLURALS = {"Site": "sites", "Replication": "replications", "Drill": "drills"}
KINDS = {kind: create_namespaced_resource(GROUP, VERSION, kind, plural) for kind, plural in PLURALS.items()}
