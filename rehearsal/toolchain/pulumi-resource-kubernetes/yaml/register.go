// Package yaml takes the place of yaml/v2 in the Go SDK, of which the provider uses this one function.
package yaml

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The original has a type of its own for each kind, which the provider looks at only as what they have in common.
type resource struct {
	pulumi.CustomResourceState
}

// RegisterResource registers an object of a manifest, under the type that the SDKs of all languages give it.
func RegisterResource(
	ctx *pulumi.Context, apiVersion, kind, name string, props pulumi.Input, opts ...pulumi.ResourceOption,
) (pulumi.CustomResource, error) {
	if !strings.Contains(apiVersion, "/") {
		apiVersion = "core/" + apiVersion
	}
	var registered resource
	if err := ctx.RegisterResource(fmt.Sprintf("kubernetes:%s:%s", apiVersion, kind), name, props, &registered, opts...); err != nil {
		return nil, err
	}
	return &registered, nil
}
