// The EFS CSI driver (kubernetes-sigs/aws-efs-csi-driver, pkg/driver), as its own main starts it, but for three things that a
// cluster of processes has elsewhere: the API by KUBECONFIG, AWS at AWS_ENDPOINT_URL, which its SDK does not know, and the
// registration with the kubelet in the same process (kubernetes-csi/node-driver-registrar is one in a container of its own).
//
// Environment besides: CSI_NODE_NAME. PATH must have `mount` with mount.efs, and amazon-efs-mount-watchdog.
package main

import (
	"context"
	"flag"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/kubernetes-sigs/aws-efs-csi-driver/pkg/cloud"
	"github.com/kubernetes-sigs/aws-efs-csi-driver/pkg/driver"
	"google.golang.org/grpc"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

const name = "efs.csi.aws.com"

func main() {
	socket := flag.String("socket", "", "path of the driver's socket")
	registry := flag.String("registry", "", "the kubelet's folder of plugins; none for the controller")
	work := flag.String("work", "", "folder for what efs-utils has in /etc/amazon/efs")
	tags := flag.String("tags", "", "tags of access points: key:value, separated by spaces")
	klog.InitFlags(nil)
	flag.Parse()

	cloud.DefaultKubernetesAPIClient = func() (kubernetes.Interface, error) {
		config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
		if err != nil {
			return nil, err
		}
		return kubernetes.NewForConfig(config)
	}
	endpoint, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL"))
	if err != nil || endpoint.Host == "" {
		klog.Fatalf("AWS_ENDPOINT_URL is %q, not an address", os.Getenv("AWS_ENDPOINT_URL"))
	}
	http.DefaultClient = &http.Client{Transport: elsewhere{endpoint}}
	static := filepath.Join(*work, "static")
	for _, folder := range []string{static, filepath.Dir(*socket)} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			klog.Fatal(err)
		}
	}
	if *registry != "" {
		go register(filepath.Join(*registry, name+"-reg.sock"), *socket)
	}
	// The operator for OpenShift gives the controller delete-access-point-root-dir (csi-operator, assets/overlays/aws-efs).
	if err := driver.NewDriver("unix://"+*socket, *work, static, *tags, false, 240, 5, *registry == "").Run(); err != nil {
		klog.Fatal(err)
	}
}

// elsewhere sends what is meant for AWS to another address; the signature's scope says which service is meant.
type elsewhere struct{ endpoint *url.URL }

var direct = &http.Transport{Proxy: nil}

func (e elsewhere) RoundTrip(request *http.Request) (*http.Response, error) {
	moved := request.Clone(request.Context())
	moved.Host = request.URL.Host
	moved.URL.Scheme, moved.URL.Host = e.endpoint.Scheme, e.endpoint.Host
	return direct.RoundTrip(moved)
}

// plugin tells the kubelet where the driver is.
type plugin struct {
	registration.UnimplementedRegistrationServer
	socket string
}

func (p plugin) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{Type: registration.CSIPlugin, Name: name, Endpoint: p.socket, SupportedVersions: []string{"1.0.0"}}, nil
}

func (p plugin) NotifyRegistrationStatus(_ context.Context, status *registration.RegistrationStatus) (*registration.RegistrationStatusResponse, error) {
	if !status.PluginRegistered {
		// As node-driver-registrar, whose container is started again.
		klog.Fatalf("the kubelet does not take the driver: %s", status.Error)
	}
	return &registration.RegistrationStatusResponse{}, nil
}

// register waits for the driver first: the kubelet asks it at once, and only once.
func register(path, socket string) {
	for {
		connection, err := net.Dial("unix", socket)
		if err == nil {
			connection.Close()
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		klog.Fatal(err)
	}
	os.Remove(path)
	listener, err := net.Listen("unix", path)
	if err != nil {
		klog.Fatal(err)
	}
	server := grpc.NewServer()
	registration.RegisterRegistrationServer(server, plugin{socket: socket})
	klog.Fatal(server.Serve(listener))
}
