import { PolicyPack } from "@pulumi/policy";
import { rules } from "./rules";

new PolicyPack("openshift-multiarch", {
  description: "Rules that every plan of openshift-multiarch keeps",
  policies: rules,
});
