// Tekton Chains' controller as its own cmd/controller has it, but for the identity providers and key services of clouds, which are
// linked there and nowhere else: "We link this here to give downstreams greater choice/control over which providers they pull in, by
// linking their own variants in their own binary entrypoint".
package main

import (
	"flag"

	"github.com/tektoncd/chains/pkg/reconciler/pipelinerun"
	"github.com/tektoncd/chains/pkg/reconciler/taskrun"
	"k8s.io/client-go/rest"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/injection"
	"knative.dev/pkg/injection/sharedmain"
	"knative.dev/pkg/signals"
)

func main() {
	flag.IntVar(&controller.DefaultThreadsPerController, "threads-per-controller", controller.DefaultThreadsPerController, "Threads to create per controller")
	config := injection.ParseAndGetRESTConfigOrDie()
	// Two controllers; twice Kubernetes' rate for each.
	config.QPS, config.Burst = 4*rest.DefaultQPS, 2*rest.DefaultBurst
	sharedmain.MainWithConfig(signals.NewContext(), "watcher", config,
		taskrun.NewNamespacesScopedController(nil), pipelinerun.NewNamespacesScopedController(nil))
}
