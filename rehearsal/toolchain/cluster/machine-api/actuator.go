package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	machinev1 "github.com/openshift/api/machine/v1beta1"
	"github.com/openshift/machine-api-operator/pkg/controller/machine"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/record"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// actuator is what machine-api-provider-aws is in the product: the same labels, annotations, status and kinds of failure.
type actuator struct {
	client client.Client
	events record.EventRecorder
	hook   *hook
}

func newActuator(mgr manager.Manager, hook *hook) *actuator {
	return &actuator{client: mgr.GetClient(), events: mgr.GetEventRecorderFor("awscontroller"), hook: hook}
}

func (a *actuator) Create(ctx context.Context, m *machinev1.Machine) error {
	spec, err := providerSpec(m)
	if err != nil {
		return a.failed(m, "FailedCreate", machine.InvalidMachineConfiguration("%v", err))
	}
	userData, err := a.userData(ctx, m, spec)
	if err != nil {
		return a.failed(m, "FailedCreate", err)
	}
	answer, err := a.ask(ctx, "create", m, userData)
	if err != nil {
		return a.failed(m, "FailedCreate", fmt.Errorf("%s: failed to launch instance: %w", m.Name, err))
	}
	if err := a.record(ctx, m, answer.Instance); err != nil {
		return a.failed(m, "FailedCreate", err)
	}
	a.events.Eventf(m, core.EventTypeNormal, "Create", "Created Machine %s", m.Name)
	return nil
}

func (a *actuator) Update(ctx context.Context, m *machinev1.Machine) error {
	answer, err := a.ask(ctx, "update", m, "")
	if err != nil {
		return a.failed(m, "FailedUpdate", err)
	}
	if answer.Instance == nil {
		// Gone since Exists was asked; the next round finds that.
		return a.failed(m, "FailedUpdate", fmt.Errorf("%s: no instance", m.Name))
	}
	return a.record(ctx, m, answer.Instance)
}

func (a *actuator) Exists(ctx context.Context, m *machinev1.Machine) (bool, error) {
	answer, err := a.ask(ctx, "exists", m, "")
	return answer.Instance != nil, err
}

func (a *actuator) Delete(ctx context.Context, m *machinev1.Machine) error {
	if _, err := a.ask(ctx, "delete", m, ""); err != nil {
		return a.failed(m, "FailedDelete", err)
	}
	a.events.Eventf(m, core.EventTypeNormal, "Delete", "Deleted machine %v", m.Name)
	return nil
}

func (a *actuator) failed(m *machinev1.Machine, reason string, err error) error {
	a.events.Eventf(m, core.EventTypeWarning, reason, "%v", err)
	return err
}

func (a *actuator) ask(ctx context.Context, action string, m *machinev1.Machine, userData string) (response, error) {
	question := request{Action: action, ProviderSpec: m.Spec.ProviderSpec.Value.Raw, Machine: &hookMachine{
		Name:     m.Name,
		Cluster:  m.Labels[machinev1.MachineClusterIDLabel],
		UserData: userData,
	}}
	if m.Spec.ProviderID != nil {
		question.Machine.ProviderID = *m.Spec.ProviderID
	}
	answer, err := a.hook.call(ctx, question)
	if err != nil || answer.Error == nil {
		return answer, err
	}
	if answer.Error.Reason == string(machinev1.InvalidConfigurationMachineError) {
		return response{}, machine.InvalidMachineConfiguration("%s", answer.Error.Message)
	}
	return response{}, machine.CreateMachine("%s", answer.Error.Message)
}

func providerSpec(m *machinev1.Machine) (*machinev1.AWSMachineProviderConfig, error) {
	spec := &machinev1.AWSMachineProviderConfig{}
	if err := json.Unmarshal(m.Spec.ProviderSpec.Value.Raw, spec); err != nil {
		return nil, fmt.Errorf("failed to get machine config: %w", err)
	}
	return spec, nil
}

// userData reads the ignition pointer that the instance would boot with; the product does not launch without it either.
func (a *actuator) userData(ctx context.Context, m *machinev1.Machine, spec *machinev1.AWSMachineProviderConfig) (string, error) {
	if spec.UserDataSecret == nil {
		return "", nil
	}
	secret := &core.Secret{}
	if err := a.client.Get(ctx, client.ObjectKey{Namespace: m.Namespace, Name: spec.UserDataSecret.Name}, secret); err != nil {
		return "", fmt.Errorf("failed to get user data: %w", err)
	}
	data, ok := secret.Data["userData"]
	if !ok {
		return "", fmt.Errorf("failed to get user data: secret %s/%s has no key userData", m.Namespace, spec.UserDataSecret.Name)
	}
	return base64.StdEncoding.EncodeToString(data), nil
}

// record writes what the instance is into the Machine: first metadata and spec, then the status, each only if it changed.
func (a *actuator) record(ctx context.Context, m *machinev1.Machine, found *instance) error {
	before := m.DeepCopy()
	m.Spec.ProviderID = &found.ProviderID
	set(&m.Labels, map[string]string{
		machine.MachineInstanceTypeLabelName: found.Type,
		machine.MachineRegionLabelName:       found.Region,
		machine.MachineAZLabelName:           found.Zone,
	})
	set(&m.Annotations, map[string]string{machine.MachineInstanceStateAnnotationName: found.State})
	if !reflect.DeepEqual(before.ObjectMeta, m.ObjectMeta) || !reflect.DeepEqual(before.Spec, m.Spec) {
		if err := a.client.Patch(ctx, m, client.MergeFrom(before)); err != nil {
			return fmt.Errorf("%s: failed to patch machine: %w", m.Name, err)
		}
	}

	// The patch has refreshed the status: what others wrote meanwhile (nodelink: nodeRef) must not be in the difference.
	before = m.DeepCopy()
	m.Status.Addresses = addresses(found)
	raw, err := providerStatus(m.Status.ProviderStatus, found)
	if err != nil {
		return err
	}
	m.Status.ProviderStatus = raw
	if reflect.DeepEqual(before.Status.Addresses, m.Status.Addresses) && sameRaw(before.Status.ProviderStatus, m.Status.ProviderStatus) {
		return nil
	}
	if err := a.client.Status().Patch(ctx, m, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("%s: failed to patch machine status: %w", m.Name, err)
	}
	return nil
}

func set(target *map[string]string, values map[string]string) {
	if *target == nil {
		*target = map[string]string{}
	}
	for key, value := range values {
		(*target)[key] = value
	}
}

func addresses(found *instance) []core.NodeAddress {
	result := []core.NodeAddress{}
	add := func(kind core.NodeAddressType, value string) {
		if value != "" {
			result = append(result, core.NodeAddress{Type: kind, Address: value})
		}
	}
	add(core.NodeInternalIP, found.PrivateIP)
	add(core.NodeExternalIP, found.PublicIP)
	add(core.NodeExternalDNS, found.PublicDNS)
	add(core.NodeInternalDNS, found.PrivateDNS)
	add(core.NodeHostName, found.PrivateDNS)
	return result
}

func providerStatus(old *runtime.RawExtension, found *instance) (*runtime.RawExtension, error) {
	status := &machinev1.AWSMachineProviderStatus{}
	if old != nil {
		if err := json.Unmarshal(old.Raw, status); err != nil {
			return nil, fmt.Errorf("provider status: %w", err)
		}
	}
	status.TypeMeta = meta.TypeMeta{APIVersion: "machine.openshift.io/v1beta1", Kind: "AWSMachineProviderStatus"}
	status.InstanceID, status.InstanceState = &found.ID, &found.State
	if len(status.Conditions) == 0 {
		status.Conditions = []meta.Condition{{
			Type:    string(machinev1.MachineCreation),
			Status:  meta.ConditionTrue,
			Reason:  machinev1.MachineCreationSucceededConditionReason,
			Message: "Machine successfully created",
			// Whole seconds, as the API keeps them.
			LastTransitionTime: meta.NewTime(time.Now().Truncate(time.Second)),
		}}
	}
	raw, err := json.Marshal(status)
	return &runtime.RawExtension{Raw: raw}, err
}

func sameRaw(a, b *runtime.RawExtension) bool {
	if a == nil || b == nil {
		return a == b
	}
	var left, right any
	if json.Unmarshal(a.Raw, &left) != nil || json.Unmarshal(b.Raw, &right) != nil {
		return false
	}
	return reflect.DeepEqual(left, right)
}
