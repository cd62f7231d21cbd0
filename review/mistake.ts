/** Something that the caller of a script has to set right: printed without a stack trace. The program's own such error would load all of Pulumi. */
export class Mistake extends Error {
  override readonly name = "Mistake";
}
