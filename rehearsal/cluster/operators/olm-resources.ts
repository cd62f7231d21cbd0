import type { Resource } from "./api";

export const olmGroup = "operators.coreos.com/v1alpha1";
export const resources = {
  subscriptions: { apiVersion: olmGroup, plural: "subscriptions" },
  installPlans: { apiVersion: olmGroup, plural: "installplans" },
  csvs: { apiVersion: olmGroup, plural: "clusterserviceversions" },
  catalogSources: { apiVersion: olmGroup, plural: "catalogsources" },
  operatorGroups: { apiVersion: "operators.coreos.com/v1", plural: "operatorgroups" },
  crds: { apiVersion: "apiextensions.k8s.io/v1", plural: "customresourcedefinitions" },
} satisfies Record<string, Resource>;

export const olmManager = "olm";
export const now = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");
