package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/openshift/apiserver-library-go/pkg/securitycontextconstraints/sccadmission"
	security "github.com/openshift/client-go/security/clientset/versioned"
	"github.com/openshift/client-go/security/informers/externalversions"
	"github.com/spf13/cobra"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/admission"
	mutatingwebhook "k8s.io/apiserver/pkg/admission/plugin/webhook/mutating"
	"k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/rest"
	basecompatibility "k8s.io/component-base/compatibility"
	logs "k8s.io/component-base/logs/api/v1"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
	kubeoptions "k8s.io/kubernetes/pkg/kubeapiserver/options"
)

const execRestrictions = "security.openshift.io/SCCExecRestrictions"

// newAPIServerCommand is Kubernetes' own command (cmd/kube-apiserver/app/server.go) with OpenShift's admission of security context
// constraints added where OpenShift has it: behind Kubernetes' plugins, pod security among them, and before the webhooks
// (openshift/kubernetes: openshift-kube-apiserver/admission/admissionenablement/register.go).
func newAPIServerCommand() *cobra.Command {
	before := slices.Index(kubeoptions.AllOrderedPlugins, mutatingwebhook.PluginName)
	kubeoptions.AllOrderedPlugins = slices.Insert(kubeoptions.AllOrderedPlugins, before, sccadmission.PluginName, execRestrictions)

	settings := options.NewServerRunOptions()
	registry := settings.GenericServerRunOptions.ComponentGlobalsRegistry
	constraints := newConstraints()
	admissions := settings.Admission.GenericAdmission
	constraints.register(admissions.Plugins)
	admissions.Decorators = append(admissions.Decorators, admission.DecoratorFunc(withoutSystemNamespaces))
	command := &cobra.Command{
		Use:          "kube-apiserver",
		SilenceUsage: true,
		Args:         cobra.NoArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			rest.SetDefaultWarningHandler(rest.NoWarnings{})
			return registry.Set()
		},
		RunE: func(command *cobra.Command, _ []string) error {
			if err := logs.ValidateAndApply(settings.Logs, registry.FeatureGateFor(basecompatibility.DefaultKubeComponent)); err != nil {
				return err
			}
			return runAPIServer(command.Context(), settings, constraints)
		},
	}
	command.SetContext(server.SetupSignalContext())
	for _, flags := range settings.Flags().FlagSets {
		command.Flags().AddFlagSet(flags)
	}
	return command
}

func runAPIServer(ctx context.Context, settings *options.ServerRunOptions, constraints *constraints) error {
	completed, err := settings.Complete(ctx)
	if err != nil {
		return err
	}
	if errs := completed.Validate(); len(errs) != 0 {
		return utilerrors.NewAggregate(errs)
	}
	config, err := apiserver.NewConfig(completed)
	if err != nil {
		return err
	}
	if err := constraints.startWith(config.KubeAPIs.ControlPlane.Generic); err != nil {
		return err
	}
	whole, err := config.Complete()
	if err != nil {
		return err
	}
	chain, err := apiserver.CreateServerChain(whole)
	if err != nil {
		return err
	}
	prepared, err := chain.PrepareRun()
	if err != nil {
		return err
	}
	return prepared.Run(ctx)
}

// constraints are the plugins' view of the cluster's SecurityContextConstraints. The plugins want it when they are made, which is
// before the server's own client exists: the client is filled in later, and nothing asks it until the server has started.
type constraints struct {
	client    *lateClient
	informers externalversions.SharedInformerFactory
}

type lateClient struct{ security.Interface }

func newConstraints() *constraints {
	client := &lateClient{}
	return &constraints{client, externalversions.NewSharedInformerFactory(client, 10*time.Minute)}
}

func (c *constraints) register(plugins *admission.Plugins) {
	informer := c.informers.Security().V1().SecurityContextConstraints()
	plugins.Register(sccadmission.PluginName, func(io.Reader) (admission.Interface, error) {
		plugin := sccadmission.NewConstraint()
		plugin.SetSecurityInformers(informer)
		return plugin, nil
	})
	plugins.Register(execRestrictions, func(io.Reader) (admission.Interface, error) {
		plugin := sccadmission.NewSCCExecRestrictions()
		plugin.SetSecurityInformers(informer)
		return plugin, nil
	})
}

// startWith has the informers read from the server itself once it serves.
func (c *constraints) startWith(config *server.Config) error {
	loopback := rest.CopyConfig(config.LoopbackClientConfig)
	// The constraints are a CRD here as on OpenShift, and those are served as JSON only.
	loopback.ContentType, loopback.AcceptContentTypes = "application/json", "application/json"
	client, err := security.NewForConfig(loopback)
	if err != nil {
		return fmt.Errorf("client for security context constraints: %w", err)
	}
	c.client.Interface = client
	return config.AddPostStartHook("openshift.io-startkubeinformers", func(hook server.PostStartHookContext) error {
		c.informers.Start(hook.Done())
		return nil
	})
}

// Namespaces whose pods OpenShift leaves alone, besides those that a label excepts, of which there are none here
// (openshift/kubernetes: openshift-kube-apiserver/admission/namespaceconditions/decorator.go).
var systemNamespaces = sets.New("default", "kube-system", "kube-public", "openshift-node", "openshift-infra", "openshift")

func withoutSystemNamespaces(plugin admission.Interface, name string) admission.Interface {
	if name != sccadmission.PluginName && name != execRestrictions {
		return plugin
	}
	return elsewhere{plugin}
}

// elsewhere is a plugin that does not see what happens in the system's namespaces.
type elsewhere struct{ admission.Interface }

func (e elsewhere) Admit(ctx context.Context, attributes admission.Attributes, objects admission.ObjectInterfaces) error {
	plugin, mutates := e.Interface.(admission.MutationInterface)
	if !mutates || systemNamespaces.Has(attributes.GetNamespace()) {
		return nil
	}
	return plugin.Admit(ctx, attributes, objects)
}

func (e elsewhere) Validate(ctx context.Context, attributes admission.Attributes, objects admission.ObjectInterfaces) error {
	plugin, validates := e.Interface.(admission.ValidationInterface)
	if !validates || systemNamespaces.Has(attributes.GetNamespace()) {
		return nil
	}
	return plugin.Validate(ctx, attributes, objects)
}
