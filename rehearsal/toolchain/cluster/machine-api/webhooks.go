package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"

	"github.com/openshift/machine-api-operator/pkg/webhooks"
	admission "k8s.io/api/admissionregistration/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/featuregate"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

const address = "127.0.0.1"

// A certificate for this run alone: the webhook configurations are written anew with it at every start.
func selfSigned() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: "machine-api-webhooks"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		IPAddresses:           []net.IP{net.ParseIP(address)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

func newWebhookServer(port int, certificate tls.Certificate) webhook.Server {
	return webhook.NewServer(webhook.Options{Host: address, Port: port, TLSOpts: []func(*tls.Config){func(config *tls.Config) {
		config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &certificate, nil }
	}}})
}

func registerWebhooks(mgr manager.Manager, gate featuregate.MutableFeatureGate) error {
	makers := map[string]func() (*webhook.Admission, error){
		webhooks.DefaultMachineMutatingHookPath:    webhooks.NewMachineDefaulter,
		webhooks.DefaultMachineSetMutatingHookPath: webhooks.NewMachineSetDefaulter,
		webhooks.DefaultMachineValidatingHookPath: func() (*webhook.Admission, error) {
			return webhooks.NewMachineValidator(mgr.GetClient(), gate)
		},
		webhooks.DefaultMachineSetValidatingHookPath: func() (*webhook.Admission, error) {
			return webhooks.NewMachineSetValidator(mgr.GetClient(), gate)
		},
	}
	for path, make := range makers {
		handler, err := make()
		if err != nil {
			return fmt.Errorf("webhook %s: %w", path, err)
		}
		mgr.GetWebhookServer().Register(path, handler)
	}
	return nil
}

// Writes the product's webhook configurations, with the address of this process instead of a service of the cluster.
func announceWebhooks(ctx context.Context, config *rest.Config, port int, caBundle []byte) error {
	writer, err := client.New(config, client.Options{Scheme: scheme.Scheme})
	if err != nil {
		return err
	}
	here := func(target *admission.WebhookClientConfig) {
		url := fmt.Sprintf("https://%s:%d%s", address, port, *target.Service.Path)
		*target = admission.WebhookClientConfig{URL: &url, CABundle: caBundle}
	}
	validating := webhooks.NewMachineValidatingWebhookConfiguration()
	for i := range validating.Webhooks {
		here(&validating.Webhooks[i].ClientConfig)
	}
	mutating := webhooks.NewMachineMutatingWebhookConfiguration()
	for i := range mutating.Webhooks {
		here(&mutating.Webhooks[i].ClientConfig)
	}
	wantedValidating, wantedMutating := validating.Webhooks, mutating.Webhooks
	if _, err := controllerutil.CreateOrUpdate(ctx, writer, validating, func() error { validating.Webhooks = wantedValidating; return nil }); err != nil {
		return err
	}
	_, err = controllerutil.CreateOrUpdate(ctx, writer, mutating, func() error { mutating.Webhooks = wantedMutating; return nil })
	return err
}
