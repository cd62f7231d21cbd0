import { readFileSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { rootCertificates } from "node:tls";
import { ProxyAgent } from "proxy-agent";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Question {
  readonly headers?: Readonly<Record<string, string>>;
  /** Posted as a form. */
  readonly form?: Readonly<Record<string, string>>;
  /** Certificates that are trusted in addition, as PEM. */
  readonly trust?: string;
  /** Whether any certificate will do. @default false */
  readonly anyCertificate?: boolean;
}

/** Seconds that a server may be silent. */
export const patience = 10;
/** Bytes of an answer that are read. */
const most = 1 << 20;

/**
 * One request, through the proxy of HTTPS_PROXY and its like; redirects are followed, without credentials to another host.
 * @throws Error of Node.js with a code when nobody answers, or the certificate is not trusted
 */
export function ask(address: string, question: Question = {}, redirects = 3): Promise<Answer> {
  const url = new URL(address);
  const { headers = {}, form, trust, anyCertificate = false } = question;
  const text = form && new URLSearchParams(form).toString();
  const tls = { ...(trust === undefined ? {} : { ca: [...trusted(), trust] }), rejectUnauthorized: !anyCertificate };
  return new Promise<Answer>((resolve, reject) => {
    const send = url.protocol === "http:" ? plainRequest : tlsRequest;
    const request = send(
      url,
      {
        agent: new ProxyAgent(tls),
        ...tls,
        method: text === undefined ? "GET" : "POST",
        headers: { ...headers, ...(text !== undefined && { "content-type": "application/x-www-form-urlencoded" }) },
        timeout: patience * 1000,
        signal: AbortSignal.timeout(2 * patience * 1000),
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (data: string) => {
          if (body.length < most) body += data;
        });
        response.on("error", reject).on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    request.on("timeout", () => request.destroy(Object.assign(new Error(`no answer in ${patience} s`), { code: "ETIMEDOUT" })));
    request.on("error", reject);
    request.end(text);
  }).then((answer) => {
    const to = answer.headers.location;
    if (answer.status < 300 || answer.status > 399 || typeof to !== "string" || redirects === 0 || text !== undefined) return answer;
    const next = new URL(to, url);
    return ask(next.href, next.origin === url.origin ? question : { ...question, headers: {} }, redirects - 1);
  });
}

/** What Node.js trusts by itself: a list of one's own is in the place of all of it. */
function trusted(): string[] {
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  return [...rootCertificates, ...(extra ? [readFileSync(extra, "utf8")] : [])];
}
