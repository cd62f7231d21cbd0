import * as pulumi from "@pulumi/pulumi";

/** Something that the user has to change; Pulumi prints its message without a stack trace. */
export class UserMistake extends pulumi.RunError {
  constructor(message: string) {
    super(message);
    this.name = "UserMistake";
  }
}
