import type { BadConfigurations } from "./row";

export const namesAndNetworks: BadConfigurations = {
  "names and DNS": [
    {
      what: "capital letters in the cluster's name",
      change: { "cluster.name": "MultiArch" },
      says: 'cluster.name is "MultiArch"; expected lower-case letters, digits and dashes, with a letter first, at most 54 characters, such as "multiarch"',
      installer: "refuses",
    },
    {
      what: "a name that is longer than the record *.apps leaves room for",
      change: { "cluster.name": "a".repeat(55) },
      says: 'cluster.name is "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; expected lower-case letters, digits and dashes, with a letter first, at most 54 characters, such as "multiarch"',
      installer: "refuses",
    },
    {
      what: "a name with an underscore",
      change: { "cluster.name": "multi_arch" },
      says: 'cluster.name is "multi_arch"; expected lower-case letters, digits and dashes, with a letter first, at most 54 characters, such as "multiarch"',
      installer: "refuses",
    },
    {
      what: "a name that ends with a dash",
      change: { "cluster.name": "multiarch-" },
      says: 'cluster.name is "multiarch-"; expected lower-case letters, digits and dashes, with a letter first, at most 54 characters, such as "multiarch"',
      installer: "refuses",
    },
    {
      what: "a name of two labels",
      change: { "cluster.name": "dev.multiarch" },
      says: 'cluster.name is "dev.multiarch"; expected lower-case letters, digits and dashes, with a letter first, at most 54 characters, such as "multiarch"',
      installer: {
        accepts:
          "validate.ClusterName takes subdomains; on AWS it makes objects of that name, in which Elastic Load Balancing takes no dot",
      },
    },
    {
      what: "a name that EC2 keeps for ids of security groups",
      change: { "cluster.name": "sg-build" },
      says: 'cluster.name is "sg-build"; expected another name: those of the cluster\'s objects in AWS begin with it, and AWS takes none that begins with "sg-" or "internal-"',
      installer: { accepts: 'CreateSecurityGroup: "Cannot start with sg-"; the installer finds out when the VPC is there' },
    },
    {
      what: "a domain without a dot",
      change: { "cluster.baseDomain": "example" },
      says: 'cluster.baseDomain is "example"; expected the name of a public hosted zone of the account, such as "example.com"',
      installer: "refuses",
    },
    {
      what: "a domain with capital letters",
      change: { "cluster.baseDomain": "Example.com" },
      says: 'cluster.baseDomain is "Example.com"; expected the name of a public hosted zone of the account, such as "example.com"',
      installer: "refuses",
    },
    {
      what: "a URL as the domain",
      change: { "cluster.baseDomain": "https://example.com" },
      says: 'cluster.baseDomain is "https://example.com"; expected the name of a public hosted zone of the account, such as "example.com"',
      installer: "refuses",
    },
    {
      what: "a domain with a blank in front",
      change: { "cluster.baseDomain": " example.com" },
      says: 'cluster.baseDomain is " example.com"; expected the name of a public hosted zone of the account, such as "example.com"',
      installer: "refuses",
    },
    {
      what: "the API's name as the domain",
      change: { "cluster.baseDomain": "api.multiarch.example.com:6443" },
      says: 'cluster.baseDomain is "api.multiarch.example.com:6443"; expected the name of a public hosted zone of the account, such as "example.com"',
      installer: "refuses",
    },
    {
      what: "a namespace of OpenShift's own",
      change: { "namespace.name": "openshift-builds" },
      says: 'namespace.name is "openshift-builds"; expected lower-case letters, digits and dashes, with a letter first, at most 63 characters, not one of the cluster\'s own (openshift-*, kube-*, default)',
    },
  ],
  networks: [
    {
      what: "a machine network that no VPC can have",
      change: { "cluster.networks.machine": "10.0.0.0/15" },
      says: 'cluster.networks.machine is "10.0.0.0/15"; expected a prefix of at least 16, the most that a VPC takes',
      installer: { accepts: "CreateVpc takes /16 to /28; the installer asks when it makes the VPC" },
    },
    {
      what: "a machine network too small for three zones",
      change: { "cluster.networks.machine": "10.0.0.0/26" },
      says: 'cluster.networks.machine is "10.0.0.0/26"; expected a prefix of at most 23: the installer cuts it into subnets for 3 zones, and AWS makes none smaller than /28',
      installer: { accepts: "the subnets are cut in create manifests: pkg/asset/manifests/aws/zones.go; AWS makes none smaller than /28" },
    },
    {
      what: "subnets too small for the nodes",
      change: { "cluster.networks.machine": "10.0.0.0/23", "pools[0].zones[0].replicas": 60 },
      says: 'cluster.networks.machine is "10.0.0.0/23"; expected a larger network: the private subnet of eu-west-3a is a /26, whose 59 addresses are too few for 60 nodes and what else is there',
      installer: { accepts: "it does not see the program's own nodes" },
    },
    {
      what: "pods and machines in one network",
      change: { "cluster.networks.cluster": "10.0.0.0/14" },
      says: 'cluster.networks.cluster is "10.0.0.0/14"; expected a network that shares no address with machine (10.0.0.0/16)',
      installer: "refuses",
    },
    {
      what: "services among the pods",
      change: { "cluster.networks.service": "10.128.0.0/16" },
      says: 'cluster.networks.service is "10.128.0.0/16"; expected a network that shares no address with cluster (10.128.0.0/14)',
      installer: "refuses",
    },
    {
      what: "the join network of OVN-Kubernetes",
      change: { "cluster.networks.cluster": "100.64.0.0/14" },
      says: 'cluster.networks.cluster is "100.64.0.0/14"; expected a network that shares no address with 100.64.0.0/16, the cluster\'s own join network',
      installer: "refuses",
    },
    {
      what: "the transit network of OVN-Kubernetes",
      change: { "cluster.networks.machine": "100.88.0.0/16" },
      says: 'cluster.networks.machine is "100.88.0.0/16"; expected a network that shares no address with 100.88.0.0/16, the cluster\'s own transit network',
      installer: "refuses",
    },
    {
      what: "link-local addresses",
      change: { "cluster.networks.service": "169.254.0.0/16" },
      says: 'cluster.networks.service is "169.254.0.0/16"; expected a network that shares no address with 169.254.0.0/16, the link-local network, where AWS answers its machines and OVN-Kubernetes masquerades',
      installer: "refuses",
    },
    {
      what: "multicast addresses",
      change: { "cluster.networks.service": "224.0.0.0/16" },
      says: 'cluster.networks.service is "224.0.0.0/16"; expected a network that shares no address with 224.0.0.0/4, the multicast network',
      installer: { accepts: "validate.SubnetCIDR looks at the bits behind the prefix alone; RFC 5771" },
    },
    {
      what: "a service network larger than Kubernetes takes",
      change: { "cluster.networks.service": "172.32.0.0/11" },
      says: 'cluster.networks.service is "172.32.0.0/11"; expected a prefix from 12 (the installer takes no larger network) to 24 (room for the services of OpenShift itself)',
      installer: "refuses",
    },
    {
      what: "an address of a network in its place",
      change: { "cluster.networks.machine": "10.0.0.1/16" },
      says: 'cluster.networks.machine is "10.0.0.1/16"; expected an IPv4 network such as "10.0.0.0/16", with no bit set behind the prefix',
      installer: "refuses",
    },
    {
      what: "a network without its prefix",
      change: { "cluster.networks.machine": "10.0.0.0" },
      says: 'cluster.networks.machine is "10.0.0.0"; expected an IPv4 network such as "10.0.0.0/16", with no bit set behind the prefix',
      installer: "refuses",
    },
    {
      what: "an IPv6 network",
      change: { "cluster.networks.machine": "fd00::/48" },
      says: 'cluster.networks.machine is "fd00::/48"; expected an IPv4 network such as "10.0.0.0/16", with no bit set behind the prefix',
      installer: "refuses",
    },
    {
      what: "a number with a zero in front",
      change: { "cluster.networks.machine": "010.0.0.0/16" },
      says: 'cluster.networks.machine is "010.0.0.0/16"; expected an IPv4 network such as "10.0.0.0/16", with no bit set behind the prefix',
      installer: "refuses",
    },
    {
      what: "a part of a node larger than the network",
      change: { "cluster.networks.cluster": "10.128.0.0/20", "cluster.networks.hostPrefix": 19 },
      says: "cluster.networks.hostPrefix is 19; expected at least 22, so that the cluster network has a part for each of 4 nodes",
      installer: "refuses",
    },
    {
      what: "a cluster network with a part for two nodes",
      change: { "cluster.networks.cluster": "10.128.0.0/22" },
      says: 'cluster.networks.cluster is "10.128.0.0/22"; expected a prefix of at most 21, so that each of 4 nodes has a part of it',
      installer: { accepts: "two nodes are enough for it, which makes one" },
    },
    {
      what: "a cluster network too small whatever the prefix",
      change: { "cluster.networks.cluster": "10.128.0.0/24", "cluster.networks.hostPrefix": 25 },
      says: 'cluster.networks.cluster is "10.128.0.0/24"; expected a prefix of at most 23, so that each of 4 nodes has a part of it',
      installer: { accepts: "the same" },
    },
    {
      what: "fourteen addresses for the pods of a node",
      change: { "cluster.networks.hostPrefix": 28 },
      says: "cluster.networks.hostPrefix is 28; expected the prefix of one node's part of the cluster network, from 16 to 25 (128 addresses for the pods of a node)",
      installer: {
        accepts:
          "openshift/assisted-service, internal/network/cidr_validations.go, refuses it; this installer makes a cluster whose pods wait for addresses",
      },
    },
  ],
};
