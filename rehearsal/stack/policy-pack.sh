#!/bin/sh
# policy/ as a program that the engine starts by itself: `pulumi preview --policy-pack rehearsal/stack/policy-pack.sh`. With the folder's name
# the engine would ask the language host, and that of the rehearsal is too old to run a pack. What a newer one does is done here
# (pulumi's sdk/nodejs/cmd/pulumi-language-nodejs/main.go, RunPlugin). In: the engine's arguments.
set -eu
cd "$(dirname "$0")/../../policy"
exec node "$(node -p 'require.resolve("@pulumi/pulumi/cmd/run-policy-pack")')" "$@" "$PWD"
