import {
  GetInstanceProfileCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  GetUserCommand,
  type IAMClient,
  ListOpenIDConnectProvidersCommand,
  paginateListAccessKeys,
  paginateListAttachedRolePolicies,
  paginateListAttachedUserPolicies,
  paginateListInstanceProfiles,
  paginateListInstanceProfilesForRole,
  paginateListRolePolicies,
  paginateListRoles,
  paginateListUserPolicies,
  paginateListUsers,
} from "@aws-sdk/client-iam";
import { type Asking, cli, isOfCcoctl, isOwned, type Leftover } from "./asking";

/**
 * IAM's objects of a cluster. Roles and users are none of those that the tagging API lists (openshift/installer, pkg/destroy/aws/iamhelpers.go), and
 * a listing has no tags: those are asked for whose name begins as the cluster's names do. The installer takes the infra ID, the
 * cloud credential operator its first 20 letters (openshift/cloud-credential-operator, pkg/aws/actuator, generateUserName).
 */
export async function identities(client: IAMClient, asking: Asking, infraId: string): Promise<Leftover[]> {
  const short = infraId.slice(0, 20);
  const mayBe = (name: string | undefined) => name?.startsWith(`${short}-`) || name?.startsWith(`${infraId}-`);
  return [
    ...(await profiles(client, asking, infraId)),
    ...(await roles(client, asking, infraId, mayBe)),
    ...(await users(client, asking, infraId, mayBe)),
    ...(await providers(client, asking, infraId)),
  ];
}

type Guess = (name: string | undefined) => boolean | undefined;

async function profiles(client: IAMClient, asking: Asking, infraId: string): Promise<Leftover[]> {
  const listed = await asking.all(
    "iam:ListInstanceProfiles",
    () => paginateListInstanceProfiles({ client }, {}),
    ({ InstanceProfiles }) => InstanceProfiles,
  );
  const found: Leftover[] = [];
  for (const { InstanceProfileName: id = "" } of listed.filter((one) => one.InstanceProfileName?.startsWith(`${infraId}-`))) {
    const profile = await asking.ask(
      "iam:GetInstanceProfile",
      async () => (await client.send(new GetInstanceProfileCommand({ InstanceProfileName: id }))).InstanceProfile,
      undefined,
    );
    if (profile === undefined) continue;
    const of = ["--instance-profile-name", id];
    const commands = (profile.Roles ?? []).map(({ RoleName = "" }) =>
      cli("iam", "remove-role-from-instance-profile", ...of, "--role-name", RoleName),
    );
    found.push({ kind: "instance-profile", id, name: "", commands: [...commands, cli("iam", "delete-instance-profile", ...of)] });
  }
  return found;
}

async function roles(client: IAMClient, asking: Asking, infraId: string, mayBe: Guess): Promise<Leftover[]> {
  const listed = await asking.all(
    "iam:ListRoles",
    () => paginateListRoles({ client }, {}),
    ({ Roles }) => Roles,
  );
  const found: Leftover[] = [];
  for (const { RoleName = "" } of listed.filter((one) => mayBe(one.RoleName))) {
    const role = await asking.ask("iam:GetRole", async () => (await client.send(new GetRoleCommand({ RoleName }))).Role, undefined);
    if (!isOwned(role?.Tags, infraId)) continue;
    const inline = await asking.all(
      "iam:ListRolePolicies",
      () => paginateListRolePolicies({ client }, { RoleName }),
      ({ PolicyNames }) => PolicyNames,
    );
    const attached = await asking.all(
      "iam:ListAttachedRolePolicies",
      () => paginateListAttachedRolePolicies({ client }, { RoleName }),
      ({ AttachedPolicies }) => AttachedPolicies,
    );
    // Of another name than the cluster's: those of that name are removed before.
    const inProfiles = await asking.all(
      "iam:ListInstanceProfilesForRole",
      () => paginateListInstanceProfilesForRole({ client }, { RoleName }),
      ({ InstanceProfiles }) => InstanceProfiles?.filter((one) => !one.InstanceProfileName?.startsWith(`${infraId}-`)),
    );
    const of = ["--role-name", RoleName];
    found.push({
      kind: "role",
      id: RoleName,
      name: "",
      made: role?.CreateDate,
      ...(isOfCcoctl(role?.Tags, infraId) ? { ofCcoctl: true } : {}),
      commands: [
        ...inProfiles.map((one) =>
          cli("iam", "remove-role-from-instance-profile", "--instance-profile-name", one.InstanceProfileName ?? "", ...of),
        ),
        ...inline.map((name) => cli("iam", "delete-role-policy", ...of, "--policy-name", name)),
        ...attached.map(({ PolicyArn = "" }) => cli("iam", "detach-role-policy", ...of, "--policy-arn", PolicyArn)),
        cli("iam", "delete-role", ...of),
      ],
    });
  }
  return found;
}

async function users(client: IAMClient, asking: Asking, infraId: string, mayBe: Guess): Promise<Leftover[]> {
  const listed = await asking.all(
    "iam:ListUsers",
    () => paginateListUsers({ client }, {}),
    ({ Users }) => Users,
  );
  const found: Leftover[] = [];
  for (const { UserName = "" } of listed.filter((one) => mayBe(one.UserName))) {
    const user = await asking.ask("iam:GetUser", async () => (await client.send(new GetUserCommand({ UserName }))).User, undefined);
    if (!isOwned(user?.Tags, infraId)) continue;
    const keys = await asking.all(
      "iam:ListAccessKeys",
      () => paginateListAccessKeys({ client }, { UserName }),
      ({ AccessKeyMetadata }) => AccessKeyMetadata,
    );
    const inline = await asking.all(
      "iam:ListUserPolicies",
      () => paginateListUserPolicies({ client }, { UserName }),
      ({ PolicyNames }) => PolicyNames,
    );
    const attached = await asking.all(
      "iam:ListAttachedUserPolicies",
      () => paginateListAttachedUserPolicies({ client }, { UserName }),
      ({ AttachedPolicies }) => AttachedPolicies,
    );
    const of = ["--user-name", UserName];
    found.push({
      kind: "user",
      id: UserName,
      name: "",
      commands: [
        ...keys.map(({ AccessKeyId = "" }) => cli("iam", "delete-access-key", ...of, "--access-key-id", AccessKeyId)),
        ...inline.map((name) => cli("iam", "delete-user-policy", ...of, "--policy-name", name)),
        ...attached.map(({ PolicyArn = "" }) => cli("iam", "detach-user-policy", ...of, "--policy-arn", PolicyArn)),
        cli("iam", "delete-user", ...of),
      ],
    });
  }
  return found;
}

/** Made by ccoctl, in the credentials stage or by hand; an account has few. */
async function providers(client: IAMClient, asking: Asking, infraId: string): Promise<Leftover[]> {
  const listed = await asking.ask(
    "iam:ListOpenIDConnectProviders",
    async () => (await client.send(new ListOpenIDConnectProvidersCommand({}))).OpenIDConnectProviderList,
    undefined,
  );
  const found: Leftover[] = [];
  for (const { Arn: id = "" } of listed ?? []) {
    const provider = await asking.ask(
      "iam:GetOpenIDConnectProvider",
      async () => client.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: id })),
      undefined,
    );
    // ccoctl makes it, and then its tags (openshift/cloud-credential-operator, pkg/cmd/provisioning/aws/create_identity_provider.go).
    const issuer = provider?.Url?.replace("https://", "").startsWith(`${infraId}-oidc.`) === true;
    if (!issuer && !isOwned(provider?.Tags, infraId)) continue;
    const commands = [cli("iam", "delete-open-id-connect-provider", "--open-id-connect-provider-arn", id)];
    found.push({ kind: "oidc-provider", id, name: provider?.Url ?? "", ofCcoctl: issuer || isOfCcoctl(provider?.Tags, infraId), commands });
  }
  return found;
}
