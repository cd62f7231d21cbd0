import { builds } from "./builds";
import { keys } from "./keys";
import { machines } from "./machines";
import { namesAndNetworks } from "./names-and-networks";
import type { BadConfigurations } from "./row";
import { tagsAndAddresses } from "./tags-and-addresses";

export type { BadConfiguration } from "./row";

/** What users can write by mistake, and what they are told. */
export const badConfigurations: BadConfigurations = { ...namesAndNetworks, ...machines, ...tagsAndAddresses, ...keys, ...builds };
