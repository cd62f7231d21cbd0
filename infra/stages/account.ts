// Prints whose credentials the installer will use, as {"account","arn","temporary"} and, where it is known, "minutes". The AWS provider cannot tell it: it may be
// configured with others, and a deletion runs without the program. In: see aws-client.ts.

import { installerCaller } from "./caller";
import { main } from "./program";

main(async () => `${JSON.stringify(await installerCaller())}\n`);
