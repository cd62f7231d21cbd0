import { request } from "node:https";
import type { TLSSocket } from "node:tls";
import { ProxyAgent } from "proxy-agent";

/**
 * Whether an API server answers at all, through the proxy that the environment names. Nothing is sent that is worth protecting, so the
 * certificate, which is of the cluster's own authority, is not looked at.
 *
 * @param seconds how long to wait for an answer.
 */
export function answers(url: string, seconds = 5): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      url,
      { method: "HEAD", path: "/readyz", agent: new ProxyAgent({ rejectUnauthorized: false }), rejectUnauthorized: false },
      (response) => {
        response.resume();
        // A proxy that does not get through answers by itself, before there is any encryption.
        end((response.socket as TLSSocket).encrypted === true);
      },
    );
    const timer = setTimeout(() => end(false), seconds * 1000);
    const end = (answered: boolean) => {
      clearTimeout(timer);
      call.destroy();
      resolve(answered);
    };
    call.on("error", () => end(false));
    call.end();
  });
}
