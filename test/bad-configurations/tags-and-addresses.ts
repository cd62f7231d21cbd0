import type { BadConfigurations } from "./row";

const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`tag${i}`, "x"]));

export const tagsAndAddresses: BadConfigurations = {
  tags: [
    {
      what: "a tag of AWS's own",
      change: { "cluster.tags": { "aws:cloudformation:stack-name": "x" } },
      says: 'cluster.tags.aws:cloudformation:stack-name is "x"; expected another key: this one belongs to AWS, to the installer, to its destroyer or to this program',
      installer: { accepts: 'AWS refuses it: "Tag your AWS resources", naming limits' },
    },
    {
      what: "a tag of Kubernetes' own",
      change: { "cluster.tags": { "kubernetes.io/cluster/multiarch": "owned" } },
      says: 'cluster.tags.kubernetes.io/cluster/multiarch is "owned"; expected another key: this one belongs to AWS, to the installer, to its destroyer or to this program',
      installer: "refuses",
    },
    {
      what: "a tag of OpenShift's own",
      change: { "cluster.tags": { "red-hat.openshift.io/x": "y" } },
      says: 'cluster.tags.red-hat.openshift.io/x is "y"; expected another key: this one belongs to AWS, to the installer, to its destroyer or to this program',
      installer: "refuses",
    },
    {
      what: "the name, which every object has of its own",
      change: { "cluster.tags": { name: "multiarch" } },
      says: 'cluster.tags.name is "multiarch"; expected another key: this one belongs to AWS, to the installer, to its destroyer or to this program',
      installer: "refuses",
    },
    {
      what: "25 tags, as one is the program's own",
      change: { "cluster.tags": tags(25) },
      says: "cluster.tags is an object; expected at most 24 tags, and these are 25",
      installer: "refuses",
    },
    {
      what: "a tag without a text",
      change: { "cluster.tags": { environment: "" } },
      says: 'cluster.tags.environment is ""; expected a text of 1 to 256 letters (A to Z), digits, blanks between them and _.:/=+-@',
      installer: "refuses",
    },
    {
      what: "a tag with a number",
      change: { "cluster.tags": { "cost-center": 4711 } },
      says: "cluster.tags.cost-center is 4711; expected a text",
      installer: { accepts: "sigs.k8s.io/yaml makes a text of it; YAML itself has made another number of 0123 by then" },
    },
    {
      what: "a comma in a tag",
      change: { "cluster.tags": { owner: "me, you" } },
      says: 'cluster.tags.owner is "me, you"; expected a text of 1 to 256 letters (A to Z), digits, blanks between them and _.:/=+-@',
      installer: { accepts: "its pattern has the range +-@, in which the comma is; AWS takes _.:/=+-@" },
    },
    {
      what: "a letter with an accent",
      change: { "cluster.tags": { owner: "André" } },
      says: 'cluster.tags.owner is "André"; expected a text of 1 to 256 letters (A to Z), digits, blanks between them and _.:/=+-@',
      installer: "refuses",
    },
    {
      what: "two tags that IAM takes for one",
      change: { "cluster.tags": { Environment: "dev", environment: "dev" } },
      says: 'cluster.tags.environment is "dev"; expected a key that differs from Environment by more than small and capital letters: IAM knows no difference',
      installer: { accepts: 'IAM, when its roles are made: "Duplicate tag keys found. Please note that Tag keys are case insensitive."' },
    },
    {
      what: "a blank at the end",
      change: { "cluster.tags": { owner: "me " } },
      says: 'cluster.tags.owner is "me "; expected a text of 1 to 256 letters (A to Z), digits, blanks between them and _.:/=+-@',
      installer: { accepts: 'Elastic Load Balancing\'s user guide: "Do not use leading or trailing spaces"' },
    },
    {
      what: "a blank, with an installer that takes none",
      change: { "cluster.version": "4.16.50", "cluster.tags": { owner: "team a" } },
      says: 'cluster.tags.owner is "team a"; expected key and text without blanks: the installer of 4.16 takes none',
      installer: { accepts: "the one at hand is of 4.19; those of 4.15 and 4.16 have no \\p{Z} in the pattern" },
    },
    {
      what: "more tags than an EFS file system has",
      change: { "fileSystem.tags": tags(49) },
      says: "fileSystem.tags is an object; expected at most 49 tags together with those of cluster.tags, which the file system gets too, and these are 50",
    },
    {
      what: "a text with a semicolon for EFS",
      change: { "fileSystem.tags": { owner: "me;you" } },
      says: 'fileSystem.tags.owner is "me;you"; expected a text of at most 256 letters, digits, blanks and _.:/=+-@',
    },
  ],
  "addresses of AWS and of programs": [
    {
      what: "an endpoint over http",
      change: { "cluster.serviceEndpoints": [{ name: "ec2", url: "http://ec2.example.com" }] },
      says: 'cluster.serviceEndpoints[0].url is "http://ec2.example.com"; expected an https:// address without a path (the installer accepts nothing else)',
      installer: "refuses",
    },
    {
      what: "an endpoint with a path",
      change: { "cluster.serviceEndpoints": [{ name: "ec2", url: "https://aws.example.com/ec2" }] },
      says: 'cluster.serviceEndpoints[0].url is "https://aws.example.com/ec2"; expected an https:// address without a path (the installer accepts nothing else)',
      installer: "refuses",
    },
    {
      what: "an endpoint without the slashes",
      change: { "cluster.serviceEndpoints": [{ name: "ec2", url: "https:ec2.example.com" }] },
      says: 'cluster.serviceEndpoints[0].url is "https:ec2.example.com"; expected an https:// address without a path (the installer accepts nothing else)',
      installer: "refuses",
    },
    {
      what: "an endpoint for a service twice",
      change: {
        "cluster.serviceEndpoints": [
          { name: "ec2", url: "https://a.example.com" },
          { name: "ec2", url: "https://b.example.com" },
        ],
      },
      says: 'cluster.serviceEndpoints[1].name is "ec2"; expected a service that no other endpoint is for (cluster.serviceEndpoints[0].name)',
      installer: "refuses",
    },
    {
      what: "a service in capital letters",
      change: { "cluster.serviceEndpoints": [{ name: "EC2", url: "https://ec2.example.com" }] },
      says: 'cluster.serviceEndpoints[0].name is "EC2"; expected the name of an AWS service, such as "ec2"',
    },
    {
      what: "a mirror over http",
      change: { "cluster.mirror": "http://mirror.example.com/pub" },
      says: 'cluster.mirror is "http://mirror.example.com/pub"; expected an https:// address that holds openshift-v4, such as "https://mirror.openshift.com/pub"',
    },
    {
      what: "a mirror without its scheme",
      change: { "cluster.mirror": "mirror.example.com/pub" },
      says: 'cluster.mirror is "mirror.example.com/pub"; expected an https:// address that holds openshift-v4, such as "https://mirror.openshift.com/pub"',
    },
    {
      what: "a proxy, which is no setting",
      change: { "cluster.proxy": { httpsProxy: "http://proxy.example.com:3128" } },
      says: "cluster.proxy is not a setting; known here: name, baseDomain, version, controlPlane, networks, tags, sshKey, serviceEndpoints, credentialsMode, mirror, protect, destroyMinutes",
    },
    {
      what: "an account without its leading zero",
      change: { "aws:allowedAccountIds": [12345678901] },
      says: 'aws:allowedAccountIds[0] is 12345678901; expected the twelve digits of an account of AWS, in quotes, such as "123456789012"',
    },
    {
      what: "an account in the place of a list",
      change: { "aws:allowedAccountIds": "123456789012" },
      says: 'aws:allowedAccountIds is 123456789012; expected a list of accounts of AWS, such as ["123456789012"]',
    },
  ],
  "versions and capabilities": [
    {
      what: "a version before the first that is known",
      change: { "cluster.version": "4.14.40" },
      says: 'cluster.version is "4.14.40"; expected a full OpenShift version from 4.15 to 4.22, in quotes, such as "4.19.42"',
    },
    {
      what: "a version behind the last that is known",
      change: { "cluster.version": "4.23.0" },
      says: 'cluster.version is "4.23.0"; expected a full OpenShift version from 4.15 to 4.22, in quotes, such as "4.19.42"',
    },
    {
      what: "a minor version alone",
      change: { "cluster.version": "4.20" },
      says: 'cluster.version is "4.20"; expected a full OpenShift version from 4.15 to 4.22, in quotes, such as "4.19.42"',
    },
    {
      what: "a number, which YAML shortens",
      change: { "cluster.version": 4.2 },
      says: 'cluster.version is 4.2; expected a full OpenShift version from 4.15 to 4.22, in quotes, such as "4.19.42"',
    },
    {
      what: "an engineering candidate, which has no multi-architecture clients",
      change: { "cluster.version": "4.20.0-ec.3" },
      says: 'cluster.version is "4.20.0-ec.3"; expected a full OpenShift version from 4.15 to 4.22, in quotes, such as "4.19.42"',
    },
    {
      what: "the release image of one architecture",
      change: { "cluster.version": "4.20.33-x86_64" },
      says: 'cluster.version is "4.20.33-x86_64"; expected a full OpenShift version from 4.15 to 4.22, in quotes, such as "4.19.42"',
    },
    {
      what: "a channel in the place of a version",
      change: { "cluster.version": "stable-4.20" },
      says: 'cluster.version is "stable-4.20"; expected a full OpenShift version from 4.15 to 4.22, in quotes, such as "4.19.42"',
    },
    {
      what: "a nightly build",
      change: { "cluster.version": "4.20.0-0.nightly-multi-2025-10-01-000000" },
      says: 'cluster.version is "4.20.0-0.nightly-multi-2025-10-01-000000"; expected a full OpenShift version from 4.15 to 4.22, in quotes, such as "4.19.42"',
    },
    {
      what: "capabilities, which the program chooses",
      change: { "cluster.capabilities": ["Build"] },
      says: "cluster.capabilities is not a setting; known here: name, baseDomain, version, controlPlane, networks, tags, sshKey, serviceEndpoints, credentialsMode, mirror, protect, destroyMinutes",
    },
    {
      what: "a channel of OpenShift Pipelines that is too old",
      change: { "pipelines.channel": "pipelines-1.13" },
      says: 'pipelines.channel is "pipelines-1.13"; expected "latest" or a channel of OpenShift Pipelines from "pipelines-1.14" on, such as "pipelines-1.21"',
    },
    {
      what: "a channel of another operator",
      change: { "pipelines.channel": "stable" },
      says: 'pipelines.channel is "stable"; expected "latest" or a channel of OpenShift Pipelines from "pipelines-1.14" on, such as "pipelines-1.21"',
    },
  ],
};
