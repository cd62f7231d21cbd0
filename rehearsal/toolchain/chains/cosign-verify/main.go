// What `cosign verify --key KEY IMAGE` and, with a type of predicate, `cosign verify-attestation --key KEY --type TYPE IMAGE` do without a
// transparency log, by cosign's own library: its command has engines for policies as well, a third more packages. Prints the payload
// of each signature that is right, one a line.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/cosign/v2/pkg/policy"
	"github.com/sigstore/cosign/v2/pkg/signature"
)

func main() {
	if err := verify(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func verify(ctx context.Context, args []string) error {
	if len(args) < 2 || len(args) > 3 {
		return errors.New("usage: cosign-verify KEY IMAGE [TYPE OF PREDICATE]")
	}
	key, err := signature.PublicKeyFromKeyRef(ctx, args[0])
	if err != nil {
		return err
	}
	image, err := name.ParseReference(args[1])
	if err != nil {
		return err
	}
	options := &cosign.CheckOpts{SigVerifier: key, IgnoreTlog: true, IgnoreSCT: true, Offline: true}
	if len(args) == 2 {
		options.ClaimVerifier = cosign.SimpleClaimVerifier
		signatures, _, err := cosign.VerifyImageSignatures(ctx, image, options)
		if err != nil {
			return err
		}
		for _, signature := range signatures {
			payload, err := signature.Payload()
			if err != nil {
				return err
			}
			fmt.Println(string(payload))
		}
		return nil
	}
	options.ClaimVerifier = cosign.IntotoSubjectClaimVerifier
	attestations, _, err := cosign.VerifyImageAttestations(ctx, image, options)
	if err != nil {
		return err
	}
	found := 0
	for _, attestation := range attestations {
		payload, _, err := policy.AttestationToPayloadJSON(ctx, args[2], attestation)
		if err != nil {
			return err
		}
		if len(payload) > 0 {
			found++
			fmt.Println(string(payload))
		}
	}
	if found == 0 {
		return fmt.Errorf("none of the attestations is of the type %s", args[2])
	}
	return nil
}
