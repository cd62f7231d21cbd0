import { serve } from "../server";
import { randomProvider } from "./provider";

serve(randomProvider(process.env.PLUGIN_VERSION ?? "0.0.0"));
