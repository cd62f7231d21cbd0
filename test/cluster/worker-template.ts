import type { MachineSet } from "../../cluster/resources";

/** A worker MachineSet as openshift-install 4.19 writes it, for the zone eu-west-3a. */
export const workerTemplate = (): MachineSet => ({
  apiVersion: "machine.openshift.io/v1beta1",
  kind: "MachineSet",
  metadata: {
    name: "multiarch-x7k2p-worker-eu-west-3a",
    namespace: "openshift-machine-api",
    labels: { "machine.openshift.io/cluster-api-cluster": "multiarch-x7k2p" },
  },
  spec: {
    replicas: 0,
    selector: {
      matchLabels: {
        "machine.openshift.io/cluster-api-cluster": "multiarch-x7k2p",
        "machine.openshift.io/cluster-api-machineset": "multiarch-x7k2p-worker-eu-west-3a",
      },
    },
    template: {
      metadata: {
        labels: {
          "machine.openshift.io/cluster-api-cluster": "multiarch-x7k2p",
          "machine.openshift.io/cluster-api-machine-role": "worker",
          "machine.openshift.io/cluster-api-machine-type": "worker",
          "machine.openshift.io/cluster-api-machineset": "multiarch-x7k2p-worker-eu-west-3a",
        },
      },
      spec: {
        lifecycleHooks: {},
        metadata: {},
        providerSpec: {
          value: {
            apiVersion: "machine.openshift.io/v1beta1",
            kind: "AWSMachineProviderConfig",
            metadata: {},
            ami: { id: "ami-02305b0a662128646" },
            instanceType: "m6a.2xlarge",
            blockDevices: [{ ebs: { encrypted: true, iops: 0, kmsKey: { arn: "" }, volumeSize: 120, volumeType: "gp3" } }],
            capacityReservationId: "",
            credentialsSecret: { name: "aws-cloud-credentials" },
            deviceIndex: 0,
            iamInstanceProfile: { id: "multiarch-x7k2p-worker-profile" },
            metadataServiceOptions: { authentication: "Required" },
            placement: { availabilityZone: "eu-west-3a", region: "eu-west-3" },
            securityGroups: [
              { filters: [{ name: "tag:Name", values: ["multiarch-x7k2p-node"] }] },
              { filters: [{ name: "tag:Name", values: ["multiarch-x7k2p-lb"] }] },
            ],
            subnet: { filters: [{ name: "tag:Name", values: ["multiarch-x7k2p-subnet-private-eu-west-3a"] }] },
            tags: [{ name: "kubernetes.io/cluster/multiarch-x7k2p", value: "owned" }],
            userDataSecret: { name: "worker-user-data" },
          },
        },
      },
    },
  },
});
