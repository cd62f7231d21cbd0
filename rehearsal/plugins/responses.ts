import * as grpc from "@grpc/grpc-js";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { DiffResult, Failure, PartiallyCreated, ResourceType } from "./provider";
import { conceal, fromStruct, type Kind, type Properties, present, reveal, topLevel, toStruct, type Value } from "./values";

export const plainValues = (values: { [key: string]: Value }): Properties => reveal(values) as Properties;
export const plain = (struct: Struct | undefined): Properties => plainValues(fromStruct(struct));
export const like = (properties: Properties, model: { [key: string]: Value }): Struct =>
  toStruct(conceal(present(properties), model) as Properties);
/** What properties are concealed like: the inputs, and those under the names that repeat them. */
export const withRepeats = (values: { [key: string]: Value }, { repeats }: ResourceType): { [key: string]: Value } => ({
  ...values,
  ...present(Object.fromEntries(Object.entries(repeats ?? {}).map(([name, input]) => [name, values[input]]))),
});

export function checkResponse(inputs: Struct | undefined, failures: readonly Failure[]): messages.CheckResponse {
  const response = new messages.CheckResponse();
  response.setInputs(inputs);
  response.setFailuresList(
    failures.map(({ property, reason }) => {
      const failure = new messages.CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      return failure;
    }),
  );
  return response;
}

const kinds: Record<Kind, [messages.PropertyDiff.Kind, messages.PropertyDiff.Kind]> = {
  add: [messages.PropertyDiff.Kind.ADD, messages.PropertyDiff.Kind.ADD_REPLACE],
  delete: [messages.PropertyDiff.Kind.DELETE, messages.PropertyDiff.Kind.DELETE_REPLACE],
  update: [messages.PropertyDiff.Kind.UPDATE, messages.PropertyDiff.Kind.UPDATE_REPLACE],
};

export function diffResponse(
  { differences, replaceOn, deleteBeforeReplace }: DiffResult,
  ignored: readonly string[],
): messages.DiffResponse {
  const paths = [...differences].filter(([path]) => !ignored.includes(path) && !ignored.includes(topLevel(path)));
  const response = new messages.DiffResponse();
  response.setChanges(paths.length > 0 ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE);
  response.setDiffsList([...new Set(paths.map(([path]) => topLevel(path)))]);
  response.setReplacesList([...new Set(paths.map(([path]) => topLevel(path)).filter((property) => replaceOn.includes(property)))]);
  for (const [path, kind] of paths) {
    const difference = new messages.PropertyDiff();
    difference.setKind(kinds[kind][replaceOn.includes(topLevel(path)) ? 1 : 0]);
    difference.setInputdiff(true);
    response.getDetaileddiffMap().set(path, difference);
  }
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(deleteBeforeReplace ?? false);
  return response;
}

/** The engine finds the object that a failed create left in the details of the error. */
export function initFailed(
  error: PartiallyCreated,
  inputs: { [key: string]: Value },
  model: { [key: string]: Value },
): Partial<grpc.StatusObject> {
  const detail = new messages.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setReasonsList([error.message]);
  detail.setProperties(like(error.state, model));
  detail.setInputs(toStruct(inputs));
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(error.message);
  status.addDetails(any);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: error.message, metadata };
}
