import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { marker } from "../../review/comment";
import { pullRequest, writeComment } from "../../review/github";

interface Stored {
  id: number;
  body: string;
  user: { login: string; type: string } | null;
}

let comments: Stored[];
let calls: string[];
let server: Server;
let status: number | undefined;

/** GitHub's endpoints for issue comments as its REST reference has them; 100 a page, in the order of writing. */
async function answer(request: IncomingMessage): Promise<[number, unknown, Record<string, string>?]> {
  const url = new URL(request.url ?? "", "http://host");
  calls.push(`${request.method} ${url.pathname}`);
  if (request.headers.authorization !== "Bearer t0ken" || !request.headers["user-agent"]) return [401, {}];
  if (status) return [status, { message: "no" }];
  const sent = async () => {
    let text = "";
    for await (const part of request) text += part;
    return (JSON.parse(text) as { body: string }).body;
  };
  const written = (comment: Stored) => ({ ...comment, html_url: `https://github.com/o/r/pull/7#issuecomment-${comment.id}` });
  if (request.method === "GET" && url.pathname === "/repos/o/r/issues/7/comments") {
    const page = Number(url.searchParams.get("page") ?? 1);
    const size = Number(url.searchParams.get("per_page") ?? 30);
    const more = comments.length > page * size;
    const next = `http://${request.headers.host}${url.pathname}?per_page=${size}&page=${page + 1}`;
    return [200, comments.slice((page - 1) * size, page * size), more ? { link: `<${next}>; rel="next", <${next}>; rel="last"` } : {}];
  }
  if (request.method === "POST" && url.pathname === "/repos/o/r/issues/7/comments") {
    const comment = { id: comments.length + 1, body: await sent(), user: { login: "github-actions[bot]", type: "Bot" } };
    comments.push(comment);
    return [201, written(comment)];
  }
  const id = /^\/repos\/o\/r\/issues\/comments\/(\d+)$/.exec(url.pathname)?.[1];
  const comment = comments.find((one) => one.id === Number(id));
  if (request.method !== "PATCH" || !comment) return [404, {}];
  comment.body = await sent();
  return [200, written(comment)];
}

beforeEach(async () => {
  [comments, calls, status] = [[], [], undefined];
  server = createServer((request, response) => {
    void answer(request).then(([code, body, headers]) => response.writeHead(code, headers).end(JSON.stringify(body)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => server.close());

const at = () => ({ api: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, repository: "o/r", number: 7, token: "t0ken" });
const person = { login: "somebody", type: "User" };

it("there is one comment, however many pushes there are", async () => {
  expect(await writeComment(at(), `${marker}\nfirst`)).toBe("https://github.com/o/r/pull/7#issuecomment-1");
  for (let i = 2; i <= 4; i++) await writeComment(at(), `${marker}\npush ${i}`);
  expect(comments.map(({ body }) => body)).toEqual([`${marker}\npush 4`]);
});

it("it is found behind hundreds of other comments", async () => {
  comments = Array.from({ length: 250 }, (_, i) => ({ id: i + 1, body: `comment ${i}`, user: person }));
  await writeComment(at(), `${marker}\nfirst`);
  await writeComment(at(), `${marker}\nsecond`);
  expect(comments).toHaveLength(251);
  expect(comments[250]?.body).toBe(`${marker}\nsecond`);
});

it("a comment with the marker that a person wrote, or that only quotes it, stays as it is", async () => {
  comments = [
    { id: 1, body: `${marker}\nno changes, believe me`, user: person },
    { id: 2, body: `> ${marker}`, user: { login: "other[bot]", type: "Bot" } },
    { id: 3, body: marker, user: null },
  ];
  await writeComment(at(), `${marker}\nreal`);
  expect(comments.map(({ id, body }) => [id, body.split("\n").at(-1)])).toEqual([
    [1, "no changes, believe me"],
    [2, `> ${marker}`],
    [3, marker],
    [4, "real"],
  ]);
});

it("a refusal is told with the right that is missing, without the token", async () => {
  status = 403;
  const error = await writeComment(at(), marker).catch((reason: Error) => reason);
  expect((error as Error).message).toBe("GitHub answered 403 to GET /repos/o/r/issues/7/comments (the job needs `pull-requests: write`)");
});

it("a server that is not there is told in words", async () => {
  await expect(writeComment({ ...at(), api: "http://api.nowhere.invalid" }, marker)).rejects.toThrow(
    /^GitHub did not answer to GET \/repos\/o\/r\/issues\/7\/comments: getaddrinfo /,
  );
});

it("what is missing in the environment is named", () => {
  const env = { PULL_REQUEST: "7", GITHUB_REPOSITORY: "o/r", GITHUB_TOKEN: "t" };
  expect(pullRequest(env)).toEqual({ api: "https://api.github.com", repository: "o/r", number: 7, token: "t" });
  expect(pullRequest({ ...env, GITHUB_API_URL: "https://git.example.com/api/v3" }).api).toBe("https://git.example.com/api/v3");
  for (const name of Object.keys(env)) expect(() => pullRequest({ ...env, [name]: "" })).toThrow(`${name} is not set`);
  expect(() => pullRequest({ ...env, PULL_REQUEST: "7/../8" })).toThrow("PULL_REQUEST is no number");
});
