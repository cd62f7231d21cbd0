import { describe, expect, it } from "vitest";
import { awsCredentials } from "../../config/aws";
import { credentialNotes, stageEnvironment } from "../../infra/credentials";

const account = "123456789012";
const keys = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE" };

describe("what the stages get", () => {
  it("is the region alone, where the stack names no profile", () => {
    expect(stageEnvironment("eu-west-3", awsCredentials({}))).toEqual({ AWS_REGION: "eu-west-3" });
  });
  it("is the stack's profile, with no key of the environment that the installer would prefer to it", () => {
    expect(stageEnvironment("eu-west-3", awsCredentials({ "aws:profile": "work" }))).toEqual({
      AWS_REGION: "eu-west-3",
      AWS_PROFILE: "work",
      AWS_ACCESS_KEY_ID: "",
      AWS_SECRET_ACCESS_KEY: "",
      AWS_SESSION_TOKEN: "",
    });
  });
});

describe("before an install", () => {
  it.each([
    [{}, keys, "of the environment (AWS_ACCESS_KEY_ID)"],
    [{}, { AWS_PROFILE: "home" }, "of the profile home (AWS_PROFILE)"],
    [{}, { AWS_DEFAULT_PROFILE: "old" }, "of the profile old (AWS_DEFAULT_PROFILE)"],
    [{}, { AWS_PROFILE: "home", AWS_DEFAULT_PROFILE: "old" }, "of the profile home (AWS_PROFILE)"],
    [{}, {}, "of the default profile"],
    [{ "aws:profile": "work" }, { ...keys, AWS_PROFILE: "home" }, "of the profile work (aws:profile)"],
  ])("the credentials that count are named: stack %j, environment %j", (config, environment, source) => {
    expect(credentialNotes(account, awsCredentials(config), environment, "mint")).toEqual({
      note: `openshift-install will use the AWS credentials ${source}; they must be long-lived keys of the account 123456789012.`,
      warnings: [],
    });
  });

  it.each([
    [{ "aws:assumeRoles": '[{"roleArn":"arn:aws:iam::1:role/x"}]' }, keys, "aws:assumeRoles"],
    [{ "aws:accessKey": "AKIAOTHER", "aws:secretKey": "hunter2" }, keys, "aws:accessKey, aws:secretKey"],
    [{ "aws:accessKey": "AKIAEXAMPLE", "aws:profile": "work" }, keys, "aws:accessKey"],
    [{ "aws:sharedCredentialsFiles": '["/x"]', "aws:token": "hunter2" }, {}, "aws:sharedCredentialsFiles, aws:token"],
  ])("credentials that only Pulumi takes are warned about: %j", (config, environment, named) => {
    const { warnings } = credentialNotes(account, awsCredentials(config as Record<string, string>), environment, "mint");
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${named}: only Pulumi takes these credentials`))]);
    expect(warnings.join()).not.toMatch(/hunter2|AKIA/);
  });

  it("the same key in stack and environment is none of these", () => {
    expect(
      credentialNotes(account, awsCredentials({ "aws:accessKey": "AKIAEXAMPLE", "aws:secretKey": "x" }), keys, "mint").warnings,
    ).toEqual([]);
  });
});

it("the note says what a session needs where the cluster keeps no key", () => {
  const { note } = credentialNotes("123456789012", awsCredentials({ "aws:profile": "work" }), {}, "manual");
  expect(note).toBe(
    "openshift-install will use the AWS credentials of the profile work (aws:profile); they must be credentials of the account 123456789012, for an hour at least.",
  );
});
