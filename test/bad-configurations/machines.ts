import type { BadConfigurations } from "./row";

export const machines: BadConfigurations = {
  "zones and regions": [
    {
      what: "a zone of another region",
      change: { "pools[1].zones[1].name": "eu-west-1b" },
      says: 'pools[1].zones[1].name is "eu-west-1b"; expected a zone of the region eu-west-3 (aws:region), such as "eu-west-3a"',
      installer: "refuses",
    },
    {
      what: "a control plane in another region",
      change: { "cluster.controlPlane.zone": "eu-central-1a" },
      says: 'cluster.controlPlane.zone is "eu-central-1a"; expected a zone of the region eu-west-3 (aws:region), such as "eu-west-3a"',
      installer: "refuses",
    },
    {
      what: "the region as a zone",
      change: { "pools[0].zones[0].name": "eu-west-3" },
      says: 'pools[0].zones[0].name is "eu-west-3"; expected the name of an availability zone such as "eu-west-3a", neither a zone id nor a Local or Wavelength Zone',
      installer: "refuses",
    },
    {
      what: "a zone's id in the place of its name",
      change: { "pools[0].zones[0].name": "euw3-az1" },
      says: 'pools[0].zones[0].name is "euw3-az1"; expected the name of an availability zone such as "eu-west-3a", neither a zone id nor a Local or Wavelength Zone',
      installer: "refuses",
    },
    {
      what: "a Local Zone",
      change: { "pools[0].zones[0].name": "eu-west-3-par-1a" },
      says: 'pools[0].zones[0].name is "eu-west-3-par-1a"; expected the name of an availability zone such as "eu-west-3a", neither a zone id nor a Local or Wavelength Zone',
      installer: "refuses",
    },
    {
      what: "a zone twice in one pool",
      change: { "pools[0].zones[1].name": "eu-west-3a" },
      says: 'pools[0].zones[1].name is "eu-west-3a"; expected a zone that the pool does not have yet (pools[0].zones[0].name); one entry with more replicas does the same',
      installer: { accepts: "the program names each zone to it once" },
    },
    {
      what: "a region in capital letters",
      change: { "aws:region": "EU-WEST-3" },
      says: 'aws:region is "EU-WEST-3"; expected a region such as "eu-west-3": pulumi config set aws:region eu-west-3',
    },
    {
      what: "a zone as the region",
      change: { "aws:region": "eu-west-3a" },
      says: 'aws:region is "eu-west-3a"; expected a region such as "eu-west-3": pulumi config set aws:region eu-west-3',
    },
    {
      what: "a region of China",
      change: { "aws:region": "cn-north-1" },
      says: 'aws:region is "cn-north-1"; expected a region of another partition: there is no CoreOS image in this one, and the program has no setting for one of your own',
    },
    { what: "no zone in a pool", change: { "pools[1].zones": [] }, says: "pools[1].zones is []; expected at least one zone" },
    {
      what: "two pools of one architecture",
      change: { "pools[1].architecture": "amd64", "pools[1].instanceType": "m6a.2xlarge" },
      says: 'pools[1].architecture is "amd64"; expected an architecture that no other pool has (pools[0].architecture); one pool may span many zones',
    },
  ],
  machines: [
    {
      what: "a Graviton type for amd64",
      change: { "pools[0].instanceType": "m7g.2xlarge" },
      says: 'pools[0].instanceType is "m7g.2xlarge"; expected an amd64 (x86_64) type, such as "m6a.2xlarge": this is a Graviton type, whose processor is arm64',
      installer: "refuses",
    },
    {
      what: "an Intel type for arm64",
      change: { "pools[1].instanceType": "m7i.2xlarge" },
      says: 'pools[1].instanceType is "m7i.2xlarge"; expected an arm64 (Graviton) type, such as "m7g.2xlarge", told by the g behind the generation number: this type\'s processor is amd64',
    },
    {
      what: "a GPU type, with the g in front of the number, for arm64",
      change: { "pools[1].instanceType": "g5.2xlarge" },
      says: 'pools[1].instanceType is "g5.2xlarge"; expected an arm64 (Graviton) type, such as "m7g.2xlarge", told by the g behind the generation number: this type\'s processor is amd64',
    },
    {
      what: "a Graviton control plane",
      change: { "cluster.controlPlane.instanceType": "r8gd.2xlarge" },
      says: 'cluster.controlPlane.instanceType is "r8gd.2xlarge"; expected an amd64 (x86_64) type, such as "m6a.2xlarge": this is a Graviton type, whose processor is arm64',
      installer: "refuses",
    },
    {
      what: "a control plane of 4 vCPUs",
      change: { "cluster.controlPlane.instanceType": "m6a.xlarge" },
      says: 'cluster.controlPlane.instanceType is "m6a.xlarge"; expected a 2xlarge or larger: a single-node control plane needs 8 vCPUs, this type has 4',
      installer: {
        accepts:
          '4 are enough for one of three; 8 for a single one: "Requirements for installing OpenShift on a single node" in OpenShift\'s documentation',
      },
    },
    {
      what: "a control plane of 15 GiB",
      change: { "cluster.controlPlane.instanceType": "c4.2xlarge" },
      says: 'cluster.controlPlane.instanceType is "c4.2xlarge"; expected a type with the 8 vCPUs and 16 GiB of a control plane, such as "m6a.2xlarge": this one has less',
      installer: "refuses",
    },
    {
      what: "nodes of 4 GiB",
      change: { "pools[1].instanceType": "c7g.large" },
      says: 'pools[1].instanceType is "c7g.large"; expected a type with the 2 vCPUs and 8 GiB of a node: large or more, in the families c and a1 xlarge or more',
    },
    {
      what: "nodes of a medium size",
      change: { "pools[0].instanceType": "t3.medium" },
      says: 'pools[0].instanceType is "t3.medium"; expected a type with the 2 vCPUs and 8 GiB of a node: large or more, in the families c and a1 xlarge or more',
      installer: "refuses",
    },
    {
      what: "a Mac",
      change: { "pools[0].instanceType": "mac2.metal" },
      says: 'pools[0].instanceType is "mac2.metal"; expected an EC2 instance type such as "m6a.2xlarge" (amd64) or "m7g.2xlarge" (arm64)',
      installer: "refuses",
    },
    {
      what: "a type without a size",
      change: { "pools[0].instanceType": "m6a" },
      says: 'pools[0].instanceType is "m6a"; expected an EC2 instance type such as "m6a.2xlarge" (amd64) or "m7g.2xlarge" (arm64)',
      installer: "refuses",
    },
    {
      what: "an architecture as uname has it",
      change: { "pools[1].architecture": "aarch64" },
      says: 'pools[1].architecture is "aarch64"; expected one of amd64, arm64; did you mean arm64?',
    },
    {
      what: "an architecture that no Graviton has",
      change: { "pools[1].architecture": "s390x" },
      says: 'pools[1].architecture is "s390x"; expected one of amd64, arm64',
    },
    {
      what: "a negative number of nodes",
      change: { "pools[0].zones[0].replicas": -1 },
      says: "pools[0].zones[0].replicas is -1; expected the number of nodes in the zone, from 0 to 100",
    },
    {
      what: "half a node",
      change: { "pools[0].zones[0].replicas": 0.5 },
      says: "pools[0].zones[0].replicas is 0.5; expected the number of nodes in the zone, from 0 to 100",
    },
    {
      what: "a number of nodes as a text",
      change: { "pools[0].zones[0].replicas": "2" },
      says: 'pools[0].zones[0].replicas is "2"; expected the number of nodes in the zone, from 0 to 100',
    },
    {
      what: "three machines for the control plane",
      change: { "cluster.controlPlane.replicas": 3 },
      says: "cluster.controlPlane.replicas is not a setting; known here: instanceType, zone, rootVolume",
    },
    {
      what: "a misspelt key of a zone",
      change: { "pools[0].zones[0].replica": 1 },
      says: "pools[0].zones[0].replica is not a setting; did you mean replicas?",
    },
  ],
  disks: [
    {
      what: "a type of volume that is a disk with platters",
      change: { "cluster.controlPlane.rootVolume": { type: "st1", size: 200 } },
      says: 'cluster.controlPlane.rootVolume.type is "st1"; expected one of gp3, gp2, io1, io2',
      installer: { accepts: 'st1 is none that EC2 boots from (CreateVolume, "You can\'t use this volume type as a boot volume")' },
    },
    {
      what: "a type that does not exist",
      change: { "cluster.controlPlane.rootVolume": { type: "gp4", size: 200 } },
      says: 'cluster.controlPlane.rootVolume.type is "gp4"; expected one of gp3, gp2, io1, io2; did you mean gp3?',
      installer: "refuses",
    },
    {
      what: "io1 without a number of operations",
      change: { "cluster.controlPlane.rootVolume": { type: "io1", size: 200 } },
      says: "cluster.controlPlane.rootVolume.iops is missing; expected a number: io1 volumes have no default",
      installer: "refuses",
    },
    {
      what: "gp2 with one",
      change: { "cluster.controlPlane.rootVolume": { type: "gp2", size: 200, iops: 3000 } },
      says: "cluster.controlPlane.rootVolume.iops is 3000; expected nothing: gp2 volumes get theirs from the size; gp3 takes a number",
      installer: "refuses",
    },
    {
      what: "gp3 with less than it has anyway",
      change: { "cluster.controlPlane.rootVolume": { type: "gp3", size: 200, iops: 1000 } },
      says: "cluster.controlPlane.rootVolume.iops is 1000; expected 3000 to 16000 for gp3",
      installer: { accepts: "CreateVolume: 3000 and more for gp3" },
    },
    {
      what: "io1 with more than its size allows",
      change: { "pools[0].rootVolume": { type: "io1", size: 100, iops: 6000 } },
      says: "pools[0].rootVolume.iops is 6000; expected at most 50 for each GiB of size, here 5000",
    },
    {
      what: "a control plane's disk too small for etcd and images",
      change: { "cluster.controlPlane.rootVolume": { type: "gp3", size: 50 } },
      says: "cluster.controlPlane.rootVolume.size is 50; expected the size in GiB, from 120 to 16384",
      installer: { accepts: '"Minimum resource requirements" of OpenShift\'s documentation: 120 GB for single-node OpenShift' },
    },
    {
      what: "a size with a unit",
      change: { "pools[1].rootVolume": { size: "120Gi" } },
      says: 'pools[1].rootVolume.size is "120Gi"; expected the size in GiB, from 100 to 16384',
    },
    {
      what: "throughput, which is no setting",
      change: { "cluster.controlPlane.rootVolume.throughput": 250 },
      says: "cluster.controlPlane.rootVolume.throughput is not a setting; known here: type, size, iops",
    },
  ],
};
