import { marker } from "./comment";
import { Mistake } from "./mistake";

interface Comment {
  readonly id: number;
  readonly body?: string;
  readonly user: { readonly login: string; readonly type: string } | null;
}

/** Where a comment goes, from the environment that GitHub gives to every job. */
export interface PullRequest {
  readonly api: string;
  readonly repository: string;
  readonly number: number;
  readonly token: string;
}

/** @throws Mistake that names the variable which is missing. */
export function pullRequest(env: NodeJS.ProcessEnv = process.env): PullRequest {
  const get = (name: string, what: string) => {
    const value = env[name];
    if (!value) throw new Mistake(`${name} is not set: ${what}`);
    return value;
  };
  const number = Number(get("PULL_REQUEST", "the number of the pull request to comment on"));
  if (!Number.isInteger(number) || number <= 0) throw new Mistake("PULL_REQUEST is no number of a pull request");
  return {
    api: env.GITHUB_API_URL || "https://api.github.com",
    repository: get("GITHUB_REPOSITORY", "owner/name of the repository"),
    number,
    token: get("GITHUB_TOKEN", "a token that may write comments of pull requests"),
  };
}

/**
 * Writes the comment, over the one of the last push if there is one. Only a comment of a GitHub app (github-actions is one) is taken for
 * that: anybody can write the marker into a comment, and would be its author afterwards, who may change what it says.
 *
 * @returns the address of the comment.
 */
export async function writeComment(at: PullRequest, body: string): Promise<string> {
  const repository = `${at.api}/repos/${at.repository}`;
  const before = await find(at, `${repository}/issues/${at.number}/comments?per_page=100`);
  const [method, url] =
    before === undefined
      ? (["POST", `${repository}/issues/${at.number}/comments`] as const)
      : (["PATCH", `${repository}/issues/comments/${before}`] as const);
  const { html_url: address } = (await (await call(at, method, url, { body })).json()) as { html_url: string };
  return address;
}

/** Id of the comment that has the marker, page by page: an old pull request has many comments. */
async function find(at: PullRequest, first: string): Promise<number | undefined> {
  for (let url: string | undefined = first; url !== undefined; ) {
    const response = await call(at, "GET", url);
    const comments = (await response.json()) as Comment[];
    const found = comments.find(({ body, user }) => user?.type === "Bot" && body?.startsWith(marker));
    if (found) return found.id;
    url = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  }
  return undefined;
}

async function call({ token }: PullRequest, method: string, url: string, body?: unknown): Promise<Response> {
  const path = new URL(url).pathname;
  const response = await fetch(url, {
    method,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "x-github-api-version": "2022-11-28",
      "user-agent": "openshift-multiarch",
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch(({ message, cause }: Error) => {
    throw new Mistake(`GitHub did not answer to ${method} ${path}: ${(cause as Error | undefined)?.message ?? message}`);
  });
  if (response.ok) return response;
  const hint = response.status === 403 || response.status === 404 ? " (the job needs `pull-requests: write`)" : "";
  throw new Mistake(`GitHub answered ${response.status} to ${method} ${path}${hint}`);
}
