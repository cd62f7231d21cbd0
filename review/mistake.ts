/** Something that the caller has to set right: printed without a stack trace, and the command ends with code 2. */
export class Mistake extends Error {
  override readonly name = "Mistake";
}
