// Package storage is Chains' own without the backends that OpenShift Pipelines is not set to: they bring the clients of three clouds, of
// MongoDB and of Kafka, a quarter of all packages.
package storage

import (
	"context"

	"github.com/tektoncd/chains/pkg/chains/objects"
	"github.com/tektoncd/chains/pkg/chains/storage/oci"
	"github.com/tektoncd/chains/pkg/chains/storage/tekton"
	"github.com/tektoncd/chains/pkg/config"
	"github.com/tektoncd/pipeline/pkg/client/clientset/versioned"
	"k8s.io/client-go/kubernetes"
)

type Backend interface {
	StorePayload(ctx context.Context, obj objects.TektonObject, rawPayload []byte, signature string, opts config.StorageOpts) error
	RetrievePayloads(ctx context.Context, obj objects.TektonObject, opts config.StorageOpts) (map[string]string, error)
	RetrieveSignatures(ctx context.Context, obj objects.TektonObject, opts config.StorageOpts) (map[string][]string, error)
	Type() string
}

// InitializeBackends has all of them, configured or not: whoever stores asks for those that are configured, by name.
func InitializeBackends(ctx context.Context, tektonClient versioned.Interface, client kubernetes.Interface, cfg config.Config) (map[string]Backend, error) {
	return map[string]Backend{
		tekton.StorageBackendTekton: tekton.NewStorageBackend(tektonClient),
		oci.StorageBackendOCI:       oci.NewStorageBackend(ctx, client, cfg),
	}, nil
}

// WatchBackends has nothing to watch: only a document store's address may change.
func WatchBackends(context.Context, chan bool, map[string]Backend, config.Config) error {
	return nil
}
