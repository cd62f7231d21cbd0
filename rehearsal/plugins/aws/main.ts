import { serve } from "../server";
import { awsProvider } from "./provider";

serve(awsProvider(process.env.PLUGIN_VERSION ?? "0.0.0"));
