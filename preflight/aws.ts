import { isDenied } from "../infra/leftovers/asking";

/** A question that AWS did not answer: why it could not be asked. */
export class Unanswered extends Error {}

/**
 * The answer to a question to AWS.
 * @param right the IAM action that the question needs, such as `ec2:DescribeVpcs`
 * @throws Unanswered that names the right if it is missing, else says what went wrong
 */
export async function answered<T>(right: string, question: Promise<T>): Promise<T> {
  try {
    return await question;
  } catch (error) {
    const { name, message } = error as Error;
    throw new Unanswered(
      isDenied(error as Error) ? `the credentials lack the right ${right}` : `${right} was not answered (${name}: ${message})`,
    );
  }
}
