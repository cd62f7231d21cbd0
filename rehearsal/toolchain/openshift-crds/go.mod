module openshift-multiarch/rehearsal/toolchain/openshift-crds

go 1.25.0

// Only files are taken from these modules, so nothing of what they require is listed or downloaded.
require (
	github.com/openshift/api v0.0.0-20260618181827-d22a47a846dc
	github.com/openshift/cluster-autoscaler-operator v0.0.1-0.20260608074635-5c8643284941
	github.com/operator-framework/api v0.42.0
	github.com/prometheus-operator/prometheus-operator v0.90.1
)
