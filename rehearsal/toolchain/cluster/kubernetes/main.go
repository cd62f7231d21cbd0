// Every Kubernetes program that the rehearsal runs, etcd and OpenShift's policy controller in one binary: the name it is called by
// chooses. One binary shares its pages between nine processes and is compiled once.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	policycontroller "github.com/openshift/cluster-policy-controller/pkg/cmd/cluster-policy-controller"
	"github.com/openshift/cluster-policy-controller/pkg/version"
	"github.com/openshift/library-go/pkg/controller/controllercmd"
	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/utils/clock"
)

// The OpenShift client `oc` is kubectl with commands added; those that the project uses (get, apply, wait, logs) are kubectl's.
var commands = map[string]func() *cobra.Command{
	"kube-apiserver":            newAPIServerCommand,
	"kube-controller-manager":   controllermanager.NewControllerManagerCommand,
	"kube-scheduler":            func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kubelet":                   func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
	"kube-proxy":                proxy.NewProxyCommand,
	"kubectl":                   kubectl.NewDefaultKubectlCommand,
	"oc":                        kubectl.NewDefaultKubectlCommand,
	"cluster-policy-controller": newPolicyControllerCommand,
}

// newPolicyControllerCommand is OpenShift's own command but for the election of a leader: there is one process, and one that was killed
// would keep its successor waiting for minutes.
func newPolicyControllerCommand() *cobra.Command {
	config := controllercmd.NewControllerCommandConfig("cluster-policy-controller", version.Get(), policycontroller.RunClusterPolicyController, clock.RealClock{})
	config.DisableLeaderElection = true
	start := config.NewCommandWithContext(context.Background())
	start.Use = "start"
	command := &cobra.Command{Use: "cluster-policy-controller"}
	command.AddCommand(start)
	return command
}

func main() {
	name := filepath.Base(os.Args[0])
	if name == "etcd" {
		etcdmain.Main(os.Args)
		return
	}
	command, ok := commands[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "%s: call this program as etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy, kubectl, oc or cluster-policy-controller\n", name)
		os.Exit(2)
	}
	os.Exit(cli.Run(command()))
}
