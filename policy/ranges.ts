import { isIP } from "node:net";

/**
 * Prefixes of the widest networks that can be private: 10.0.0.0/8 (https://www.rfc-editor.org/rfc/rfc1918) and fc00::/7
 * (https://www.rfc-editor.org/rfc/rfc4193). A wider range has others' addresses in it, however it is written: 0.0.0.0/0 can also be
 * 0.0.0.0/1 and 128.0.0.0/1.
 */
const widest = { 4: 8, 6: 7 } as const;

/** Whether a range of addresses is so wide that it is open to the world; what is no range counts as one. */
export function isOpen(range: unknown): boolean {
  const [, address = "", prefix = ""] = /^([^/]+)\/(\d{1,3})$/.exec(String(range)) ?? [];
  const family = isIP(address);
  return family === 0 || Number(prefix) < widest[family as 4 | 6];
}
