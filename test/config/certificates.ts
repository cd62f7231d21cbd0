import { authority } from "../cluster/api-server";

/** A certificate with its private key, as a subscription of RHEL has them. */
const { key, certificate } = authority().sign("entitlement");
export const entitlement = { key, certificate, whole: `${certificate}${key}` };
