import { createReadStream, readFileSync } from "node:fs";
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { pipeline } from "node:stream/promises";
import type { BlobStore, Descriptor } from "./oci";
import { mediaTypes } from "./oci";

/** An image in the store and the name that the registry gives it. */
export interface NamedImage {
  readonly repository: string;
  readonly tag: string;
  /** Its manifest or index. */
  readonly descriptor: Descriptor;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A registry without TLS and without authentication, spoken to by the OCI distribution API. */
export class Registry {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 8 });
  /** A repository that holds the blob, for mounting it into another one without an upload. */
  private readonly holders = new Map<string, string>();

  /** @param address host:port. */
  constructor(
    private readonly address: string,
    private readonly store: BlobStore,
  ) {}

  close(): void {
    this.agent.destroy();
  }

  /** Whether the registry has exactly this image under its tag. */
  async has({ repository, tag, descriptor }: NamedImage): Promise<boolean> {
    const { status, headers } = await this.call("HEAD", `/v2/${repository}/manifests/${tag}`, {
      accept: Object.values(mediaTypes).join(", "),
    });
    return status === 200 && headers["docker-content-digest"] === descriptor.digest;
  }

  /** Uploads what is missing: blobs first, then the members of an index, then the name itself. */
  async push({ repository, tag, descriptor }: NamedImage): Promise<void> {
    const document = JSON.parse(readFileSync(this.store.path(descriptor.digest), "utf8"));
    if (descriptor.mediaType === mediaTypes.index) {
      for (const member of document.manifests as Descriptor[]) await this.push({ repository, tag: member.digest, descriptor: member });
    } else {
      await Promise.all([document.config, ...document.layers].map((blob: Descriptor) => this.pushBlob(repository, blob)));
    }
    const answer = await this.call(
      "PUT",
      `/v2/${repository}/manifests/${tag}`,
      { "content-type": descriptor.mediaType, "content-length": descriptor.size },
      this.store.path(descriptor.digest),
    );
    if (answer.status !== 201) throw this.failure(`manifest ${repository}:${tag}`, answer);
  }

  private async pushBlob(repository: string, { digest, size }: Descriptor): Promise<void> {
    if ((await this.call("HEAD", `/v2/${repository}/blobs/${digest}`)).status !== 200) {
      const holder = this.holders.get(digest);
      const mount = holder ? `?mount=${digest}&from=${encodeURIComponent(holder)}` : "";
      const begun = await this.call("POST", `/v2/${repository}/blobs/uploads/${mount}`, { "content-length": 0 });
      if (begun.status === 202) {
        const location = new URL(begun.headers.location ?? "", `http://${this.address}`);
        location.searchParams.set("digest", digest);
        const headers = { "content-type": "application/octet-stream", "content-length": size };
        const answer = await this.call("PUT", location.pathname + location.search, headers, this.store.path(digest));
        if (answer.status !== 201) throw this.failure(`blob ${digest} of ${repository}`, answer);
      } else if (begun.status !== 201) throw this.failure(`blob ${digest} of ${repository}`, begun);
    }
    this.holders.set(digest, repository);
  }

  private failure(what: string, { status, body }: Answer): Error {
    return new Error(`the registry ${this.address} refuses ${what}: ${status} ${body.trim()}`);
  }

  private call(method: string, path: string, headers: Record<string, string | number> = {}, file?: string): Promise<Answer> {
    const [host, port] = this.address.split(":");
    return new Promise((resolve, reject) => {
      const sent = request({ agent: this.agent, host, port, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
        );
      });
      sent.on("error", (error) => reject(new Error(`the registry ${this.address} does not answer: ${error.message}`)));
      if (file) pipeline(createReadStream(file), sent).catch(reject);
      else sent.end();
    });
  }
}
