import { setTimeout as sleep } from "node:timers/promises";
import { type Api, ApiError, type KubeObject, type Resource } from "./api";

export function log(part: string, line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${part}: ${line}\n`);
}

export const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const keyOf = ({ metadata }: KubeObject): string => (metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name);

/**
 * A level-triggered worker: `work` sees the whole state and moves it one step; it runs when woken, never twice at once,
 * and again after the milliseconds it returns. An error is logged and tried again after 1 s, doubling up to 30 s.
 */
export class Worker {
  private wakes = 0;
  private wakeUp: () => void = () => {};
  private ended = false;

  constructor(
    readonly name: string,
    private readonly work: () => Promise<number | undefined>,
  ) {}

  wake = (): void => {
    this.wakes += 1;
    this.wakeUp();
  };

  stop(): void {
    this.ended = true;
    this.wakeUp();
  }

  async run(): Promise<void> {
    let failures = 0;
    while (!this.ended) {
      const seen = this.wakes;
      let again: number | undefined;
      try {
        again = await this.work();
        failures = 0;
      } catch (error) {
        again = Math.min(1000 * 2 ** failures, 30_000);
        failures += 1;
        log(this.name, describe(error));
      }
      if (this.ended || this.wakes !== seen) continue;
      await new Promise<void>((resolve) => {
        const timer = again === undefined ? undefined : setTimeout(resolve, again);
        this.wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wakeUp = () => {};
    }
  }
}

/** A live copy of one kind of object: listed once, then followed; listed anew whenever the stream breaks. */
export class Mirror<T extends KubeObject> {
  private objects = new Map<string, T>();
  private readonly ending = new AbortController();
  private ready: () => void = () => {};
  /** Resolves once the first list has arrived. */
  readonly synced = new Promise<void>((resolve) => {
    this.ready = resolve;
  });

  constructor(
    private readonly api: Api,
    private readonly resource: Resource,
    private readonly onChange: () => void,
    private readonly scope: { namespace?: string; fieldSelector?: string } = {},
  ) {}

  all(): T[] {
    return [...this.objects.values()];
  }

  /** Takes over what a write of ours answered, so that the next look does not act on the older copy. */
  learn(object: T): void {
    const key = keyOf(object);
    const known = this.objects.get(key);
    // Versions are numbers that grow; https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
    if (known && BigInt(known.metadata.resourceVersion ?? "0") > BigInt(object.metadata.resourceVersion ?? "0")) return;
    this.objects.set(key, object);
  }

  stop(): void {
    this.ending.abort();
  }

  async run(): Promise<void> {
    const base = this.api.path(this.resource, undefined, this.scope.namespace);
    const path = this.scope.fieldSelector ? `${base}?fieldSelector=${encodeURIComponent(this.scope.fieldSelector)}` : base;
    let complaint = "";
    while (!this.ending.signal.aborted) {
      try {
        const list = await this.api.call<{ items: T[]; metadata: { resourceVersion: string }; kind: string; apiVersion: string }>(
          "GET",
          path,
        );
        // Items of a list of built-in kinds carry neither kind nor apiVersion.
        const kind = list.kind.replace(/List$/, "");
        this.objects = new Map(list.items.map((item) => [keyOf(item), { ...item, kind, apiVersion: list.apiVersion }]));
        complaint = "";
        this.ready();
        this.onChange();
        let version = list.metadata.resourceVersion;
        while (!this.ending.signal.aborted) {
          await this.api.watch(
            path,
            version,
            (type, object) => {
              version = object.metadata.resourceVersion ?? version;
              if (type === "BOOKMARK") return;
              if (type === "DELETED") this.objects.delete(keyOf(object));
              else this.learn(object as T);
              this.onChange();
            },
            this.ending.signal,
          );
        }
      } catch (error) {
        if (this.ending.signal.aborted) return;
        const expected = error instanceof ApiError && (error.code === 404 || error.code === 410);
        // An API server that is away is worth one line, not one a second.
        if (!expected && describe(error) !== complaint) log("watch", `${this.resource.plural}: ${describe(error)}`);
        complaint = describe(error);
        await sleep(1000);
      }
    }
  }
}

/** Runs `work` on every item, at most `limit` at once. @throws the first error, after all have ended. */
export async function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items];
  const errors: unknown[] = [];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      await work(item).catch((error) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (errors.length > 0) throw errors[0];
}
