package main

import (
	"context"
	"encoding/json"
	"reflect"
	"sort"
	"strconv"
	"strings"

	machinev1 "github.com/openshift/api/machine/v1beta1"
	core "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// What the autoscaler reads to scale a MachineSet up from zero.
const (
	cpuAnnotation    = "machine.openshift.io/vCPU"
	memoryAnnotation = "machine.openshift.io/memoryMb"
	gpuAnnotation    = "machine.openshift.io/GPU"
	labelsAnnotation = "capacity.cluster-autoscaler.kubernetes.io/labels"
	archLabel        = "kubernetes.io/arch"
)

// sizes writes the size and the architecture of its instance type into every MachineSet, as machine-api-provider-aws does.
type sizes struct {
	client client.Client
	events record.EventRecorder
	hook   *hook
}

func addSizeController(mgr manager.Manager, hook *hook) error {
	reconciler := &sizes{client: mgr.GetClient(), events: mgr.GetEventRecorderFor("machineset-controller"), hook: hook}
	return ctrl.NewControllerManagedBy(mgr).Named("machineset-sizes").For(&machinev1.MachineSet{}).Complete(reconciler)
}

func (s *sizes) Reconcile(ctx context.Context, key ctrl.Request) (ctrl.Result, error) {
	set := &machinev1.MachineSet{}
	if err := s.client.Get(ctx, key.NamespacedName, set); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	value := set.Spec.Template.Spec.ProviderSpec.Value
	if !set.DeletionTimestamp.IsZero() || value == nil {
		return ctrl.Result{}, nil
	}
	answer, err := s.hook.call(ctx, request{Action: "instance-type", ProviderSpec: json.RawMessage(value.Raw)})
	if err != nil {
		return ctrl.Result{}, err
	}
	if answer.Error != nil {
		if answer.Error.Reason != string(machinev1.InvalidConfigurationMachineError) {
			return ctrl.Result{}, &retry{answer.Error.Message}
		}
		klog.Errorf("%s: unable to set scale from zero annotations: %s", set.Name, answer.Error.Message)
		s.events.Eventf(set, core.EventTypeWarning, "FailedUpdate", "Failed to set autoscaling from zero annotations, instance type unknown")
		return ctrl.Result{}, nil
	}
	before := set.DeepCopy()
	if set.Annotations == nil {
		set.Annotations = map[string]string{}
	}
	set.Annotations[cpuAnnotation] = strconv.FormatInt(answer.InstanceType.VCPU, 10)
	set.Annotations[memoryAnnotation] = strconv.FormatInt(answer.InstanceType.MemoryMiB, 10)
	set.Annotations[gpuAnnotation] = strconv.FormatInt(answer.InstanceType.GPU, 10)
	set.Annotations[labelsAnnotation] = withLabel(set.Annotations[labelsAnnotation], archLabel, answer.InstanceType.Architecture)
	if reflect.DeepEqual(before.Annotations, set.Annotations) {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{}, s.client.Patch(ctx, set, client.MergeFrom(before))
}

type retry struct{ message string }

func (r *retry) Error() string { return r.message }

// withLabel sets one label in a list like "a=b,c=d".
func withLabel(list, key, value string) string {
	pairs := []string{key + "=" + value}
	for _, pair := range strings.Split(list, ",") {
		if pair != "" && !strings.HasPrefix(pair, key+"=") {
			pairs = append(pairs, pair)
		}
	}
	sort.Strings(pairs)
	return strings.Join(pairs, ",")
}
