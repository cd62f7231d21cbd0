import { plain } from "./events";

/**
 * What `pulumi --diff` printed, for a reviewer: without colours and signs of life, and without the provider of each resource, which is
 * the longest of its lines.
 */
export const readableDiff = (output: string): string =>
  plain(output)
    .split("\n")
    .filter((line) => !/^@ previewing \w+\.+$/.test(line) && !/^\s*\[provider=urn:[^\]]*\]$/.test(line))
    .join("\n")
    .trim();
