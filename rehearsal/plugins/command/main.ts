import { serve } from "../server";
import { commandProvider } from "./provider";

serve(commandProvider(process.env.PLUGIN_VERSION ?? "0.0.0"));
