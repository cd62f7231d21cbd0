// OpenShift's own machine-api webhooks and its machine, drain, machineset and nodelink controllers. The actuator for AWS is
// not to be had as a module, so a program (--hook) does its work: see hook.go and rehearsal/cluster/machine-hook.ts.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	machinev1 "github.com/openshift/api/machine/v1beta1"
	"github.com/openshift/machine-api-operator/pkg/controller/machine"
	"github.com/openshift/machine-api-operator/pkg/controller/machineset"
	"github.com/openshift/machine-api-operator/pkg/controller/nodelink"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/featuregate"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	migration "sigs.k8s.io/kube-storage-version-migrator/pkg/clients/clientset/scheme"
)

func main() {
	hookCommand := flag.String("hook", "", "program that makes, finds and deletes instances, as a JSON array of its path and arguments")
	port := flag.Int("webhook-port", 28443, "port on 127.0.0.1 of the admission webhooks")
	flag.Parse()
	if err := run(*hookCommand, *port); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(hookCommand string, port int) error {
	var command []string
	if err := json.Unmarshal([]byte(hookCommand), &command); err != nil || len(command) == 0 {
		return fmt.Errorf("--hook must be a JSON array of strings, not %q", hookCommand)
	}
	ctx := ctrl.SetupSignalHandler()
	ctrl.SetLogger(klog.Background())
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	// The webhooks decode with the second of these schemes.
	for _, install := range []error{machinev1.Install(scheme.Scheme), machinev1.Install(migration.Scheme)} {
		if install != nil {
			return install
		}
	}
	if err := awaitCluster(ctx, config); err != nil {
		return err
	}

	certificate, caBundle, err := selfSigned()
	if err != nil {
		return err
	}
	var ready atomic.Bool
	webhookServer := newWebhookServer(port, certificate)
	webhookServer.Register("/readyz", http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			response.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	mgr, err := manager.New(config, manager.Options{
		Scheme:        scheme.Scheme,
		Metrics:       server.Options{BindAddress: "0"},
		WebhookServer: webhookServer,
	})
	if err != nil {
		return err
	}
	// Gates that the product's code asks for; off, as in a cluster with the default feature set.
	gate := featuregate.NewFeatureGate()
	if err := gate.Add(map[featuregate.Feature]featuregate.FeatureSpec{"MachineAPIMigration": {Default: false}}); err != nil {
		return err
	}
	if err := registerWebhooks(mgr, gate); err != nil {
		return err
	}
	hook := &hook{command: command}
	defer hook.stop()
	if err := machine.AddWithActuator(mgr, newActuator(mgr, hook), gate); err != nil {
		return err
	}
	if err := machineset.Add(mgr, manager.Options{}, gate); err != nil {
		return err
	}
	if err := nodelink.Add(mgr, manager.Options{}); err != nil {
		return err
	}
	if err := addSizeController(mgr, hook); err != nil {
		return err
	}
	err = mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		if err := announceWebhooks(ctx, config, port, caBundle); err != nil {
			return err
		}
		ready.Store(true)
		return nil
	}))
	if err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// What controllers and webhooks read when they are made.
var prerequisites = []string{
	"/apis/machine.openshift.io/v1beta1/machines",
	"/apis/machine.openshift.io/v1beta1/machinesets",
	"/apis/config.openshift.io/v1/infrastructures/cluster",
	"/apis/config.openshift.io/v1/dnses/cluster",
}

func awaitCluster(ctx context.Context, config *rest.Config) error {
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	for _, path := range prerequisites {
		for attempt := 0; ; attempt++ {
			err := clients.RESTClient().Get().AbsPath(path).Do(ctx).Error()
			if err == nil {
				break
			}
			if attempt%60 == 0 {
				klog.Infof("waiting for %s: %v", path, err)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(500 * time.Millisecond):
			}
		}
	}
	return nil
}
