module openshift-multiarch/rehearsal/toolchain/pause

go 1.24
