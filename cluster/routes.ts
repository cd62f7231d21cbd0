/**
 * Name under which webhooks reach a namespace. A DNS label has 63 characters, as many as the name of a namespace.
 * @param domain of the cluster's routes, such as apps.multiarch.example.com.
 */
export const webhooksHost = (namespace: string, domain: string): string =>
  `${`webhooks-${namespace}`.slice(0, 63).replace(/-+$/, "")}.${domain}`;
