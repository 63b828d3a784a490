// Definitions of others' kinds: read out of these modules, nothing of them is built (definitions.py).
module ardoise.test/definitions

go 1.23

require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/prometheus-operator/prometheus-operator v0.85.0
)
