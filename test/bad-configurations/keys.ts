import type { BadConfigurations } from "./row";

export const keys: BadConfigurations = {
  "keys and credentials": [
    {
      what: "a private SSH key",
      change: { "cluster.sshKey": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n" },
      says: 'cluster.sshKey is a text of 95 characters; expected one public SSH key, such as "ssh-ed25519 AAAA... you@example.com"',
      installer: "refuses",
    },
    {
      what: "an SSH key that was cut off",
      change: { "cluster.sshKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAA" },
      says: 'cluster.sshKey is "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAA"; expected one public SSH key, such as "ssh-ed25519 AAAA... you@example.com": this one is damaged, not all of it, or an RSA key of less than 2048 bits',
      installer: "refuses",
    },
    {
      what: "two SSH keys",
      change: {
        "cluster.sshKey":
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
      },
      says: 'cluster.sshKey is a text of 162 characters; expected one public SSH key, such as "ssh-ed25519 AAAA... you@example.com"',
      installer: { accepts: "the first line is enough for ssh.ParseAuthorizedKey; the second would be a key of the node as well" },
    },
    {
      what: "a DSA key",
      change: { "cluster.sshKey": "ssh-dss AAAAB3NzaC1kc3MAAACBAA== you@example.com" },
      says: 'cluster.sshKey is "***@example.com"; expected one public SSH key, such as "ssh-ed25519 AAAA... you@example.com"',
      installer: "refuses",
    },
    {
      what: "a file's name in the place of a key",
      change: { "cluster.sshKey": "~/.ssh/id_ed25519.pub" },
      says: 'cluster.sshKey is "~/.ssh/id_ed25519.pub"; expected one public SSH key, such as "ssh-ed25519 AAAA... you@example.com"',
      installer: "refuses",
    },
    {
      what: "a pull secret that is no JSON",
      change: { pullSecret: "quay.io user password" },
      says: "pullSecret is (secret), but it is not JSON; expected the pull secret of console.redhat.com/openshift/install/pull-secret, whole",
      installer: "refuses",
    },
    {
      what: "a pull secret without registries",
      change: { pullSecret: '{"auths":{}}' },
      says: 'pullSecret is (secret), but it has no registries under "auths"; expected the pull secret of console.redhat.com/openshift/install/pull-secret, whole',
      installer: "refuses",
    },
    {
      what: "a pull secret without its passwords",
      change: { pullSecret: '{"auths":{"quay.io":{},"registry.redhat.io":{}}}' },
      says: 'pullSecret is (secret), but its entry for quay.io has no "auth" (base64 of user:password); expected the pull secret of console.redhat.com/openshift/install/pull-secret, whole',
      installer: "refuses",
    },
    {
      what: "a pull secret whose passwords are with a helper",
      change: { pullSecret: '{"auths":{"quay.io":{},"registry.redhat.io":{}},"credsStore":"desktop"}' },
      says: "pullSecret is (secret), but it has credsStore: the passwords are with a program of the machine that wrote it; expected the pull secret of console.redhat.com/openshift/install/pull-secret, whole",
      installer: "refuses",
    },
    {
      what: "no pull secret",
      change: { pullSecret: undefined },
      says: "pullSecret is missing; expected the pull secret of console.redhat.com/openshift/install/pull-secret, whole: pulumi config set --secret pullSecret < FILE",
      installer: "refuses",
    },
    {
      what: "registry credentials without a password",
      change: { registryCredentials: '{"auths":{"quay.io":{"username":"me"}}}' },
      says: 'registryCredentials is (secret), but its entry for quay.io has neither "auth" (base64 of user:password) nor "username" and "password"; expected a Docker config.json with the registries that builds push to, as podman login --authfile=FILE REGISTRY or oc registry login --to=FILE write it',
    },
    {
      what: "registry credentials whose auth is no base64",
      change: { registryCredentials: '{"auths":{"quay.io":{"auth":"me:password"}}}' },
      says: 'registryCredentials is (secret), but its entry for quay.io has an "auth" that is not the base64 of user:password; expected a Docker config.json with the registries that builds push to, as podman login --authfile=FILE REGISTRY or oc registry login --to=FILE write it',
    },
    {
      what: "no registry credentials",
      change: { registryCredentials: undefined },
      says: "registryCredentials is missing; expected a Docker config.json with the registries that builds push to, as podman login --authfile=FILE REGISTRY or oc registry login --to=FILE write it: pulumi config set --secret registryCredentials < FILE",
    },
    {
      what: "a Git token without its host",
      change: { gitCredentials: "ghp_0123456789" },
      says: "gitCredentials is (secret), but line 1 of its credentials is not https://USER:TOKEN@HOST or https://USER:TOKEN@HOST/PATH, with %40 and the like for what is special in addresses; expected the text of a .git-credentials file, lines https://USER:TOKEN@HOST, or an object with credentials (such a text), sshKey and knownHosts",
    },
    {
      what: "an .npmrc that takes its token from a variable",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: npm's own form.
      change: { npmrc: "//registry.npmjs.org/:_authToken=${NPM_TOKEN}" },
      says: "npmrc is (secret), but it takes a value from an environment variable, which a build does not have; expected the text of an .npmrc file",
    },
    {
      what: "a signing key of cosign",
      change: { signingPrivateKey: "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nx\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n" },
      says: "signingPrivateKey is (secret), but it is a key of cosign, which only cosign can open; expected an ECDSA private key in PEM without a password, as openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 writes it",
    },
    {
      what: "secrets of a build that there is not",
      change: { buildSecrets: { htpo: { token: "secret" } } },
      says: "buildSecrets.<(secret)> is (secret); expected the name of a build (builds[].name) in front of its secrets",
    },
  ],
  "keys that nobody reads": [
    {
      what: "a misspelt namespace",
      change: {
        "openshift-multiarh:builds": [
          { name: "app", pipeline: "containerfile", repository: "https://github.com/example/app.git", image: "quay.io/example/app:latest" },
        ],
      },
      says: "openshift-multiarh:builds is not a setting; did you mean openshift-multiarch:builds?",
    },
    {
      what: "a misspelt namespace of AWS",
      change: { "asw:allowedAccountIds": ["123456789012"] },
      says: "asw:allowedAccountIds is not a setting; did you mean aws:allowedAccountIds?",
    },
    {
      what: "a misspelt setting of AWS",
      change: { "aws:allowedAccountId": "123456789012" },
      says: "aws:allowedAccountId is not a setting; did you mean aws:allowedAccountIds?",
    },
    {
      what: "a misspelt setting",
      change: {
        "openshift-multiarch:bulids": [
          { name: "app", pipeline: "containerfile", repository: "https://github.com/example/app.git", image: "quay.io/example/app:latest" },
        ],
      },
      says: "bulids is not a setting; did you mean builds?",
    },
    {
      what: "a setting that was set without --path",
      change: { "openshift-multiarch:cluster.version": "4.20.33" },
      says: "cluster.version is not a setting; it is a part of cluster: pulumi config rm 'cluster.version', then pulumi config set --path 'cluster.version' VALUE",
    },
    {
      what: "a secret that was set without --path",
      change: { "openshift-multiarch:buildSecrets.htop.token": "secret" },
      says: "buildSecrets.htop.token is not a setting; it is a part of buildSecrets: pulumi config rm 'buildSecrets.htop.token', then pulumi config set --secret --path 'buildSecrets.htop.token' < FILE",
    },
  ],
  "storage and time": [
    {
      what: "a lifecycle that EFS does not have",
      change: { "fileSystem.lifecycle": "AFTER_45_DAYS" },
      says: 'fileSystem.lifecycle is "AFTER_45_DAYS"; expected when unused files move to the cheaper class: NEVER, AFTER_1_DAY, AFTER_7_DAYS, AFTER_14_DAYS, AFTER_30_DAYS, AFTER_60_DAYS, AFTER_90_DAYS, AFTER_180_DAYS, AFTER_270_DAYS, AFTER_365_DAYS; did you mean AFTER_7_DAYS?',
    },
    {
      what: "fewer runs than are looked at",
      change: { "pipelines.keep": 1 },
      says: "pipelines.keep is 1; expected the number of finished runs of a build to keep, from 3 to 1000",
    },
    {
      what: "a removal within a minute",
      change: { "cluster.destroyMinutes": 1 },
      says: "cluster.destroyMinutes is 1; expected minutes that the removal of the cluster may take, from 10 to 600",
    },
    {
      what: "a protection that is a text",
      change: { "cluster.protect": "no" },
      says: 'cluster.protect is "no"; expected true, or false for a cluster that pulumi destroy may remove: pulumi config set --path cluster.protect false, pulumi up, pulumi destroy',
    },
  ],
};
