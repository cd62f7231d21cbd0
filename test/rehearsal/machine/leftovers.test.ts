import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { ownProcesses, parseMounts, parseRules } from "../../../rehearsal/machine/leftovers";
import { places } from "../../../rehearsal/machine/places";
import { programMarker } from "../../../rehearsal/machine/process";

describe("leftovers", () => {
  it("are processes that our programs started, not a user's own that work on our files", async () => {
    const script = "setTimeout(() => {}, 20_000)";
    const ours = spawn("node", ["-e", script], { env: { ...process.env, [programMarker]: places.run } });
    const users = spawn("node", ["-e", script, `${places.run}/git/examples.git`]);
    try {
      await Promise.all([ours, users].map((child) => once(child, "spawn")));
      const pids = ownProcesses().map(({ pid }) => pid);
      expect(pids).toContain(ours.pid);
      expect(pids).not.toContain(users.pid);
    } finally {
      ours.kill();
      users.kill();
    }
  });

  it("finds the firewall rules of our pods and leaves those of others", () => {
    const saved = [
      "*nat",
      ":POSTROUTING ACCEPT [0:0]",
      ":CNI-aaa - [0:0]",
      ":CNI-bbb - [0:0]",
      '-A POSTROUTING -s 10.214.1.5/32 -m comment --comment "name: \\"x\\"" -j CNI-aaa',
      "-A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE",
      "-A POSTROUTING -s 10.88.0.4/32 -j CNI-bbb",
      "-A CNI-aaa -d 10.214.1.0/24 -j ACCEPT",
      "-A CNI-bbb -d 10.88.0.0/16 -j ACCEPT",
      "COMMIT",
    ].join("\n");
    const { rules, chains } = parseRules(saved);
    expect(chains).toEqual(["CNI-aaa"]);
    expect(rules).toHaveLength(1);
    expect(rules[0]).toContain("10.214.1.5/32");
    expect(rules[0]).toContain('name: "x"');
  });

  it("finds nothing in an empty firewall", () => expect(parseRules("")).toEqual({ rules: [], chains: [] }));
});

it("mounts of ours are those in the environment's folder, and what our EFS driver's controller mounted, the innermost first", () => {
  const line = (point: string, type: string) => `36 25 0:32 / ${point} rw,relatime shared:1 - ${type} 127.0.0.1:/ rw`;
  const mountinfo = [
    line("/", "ext4"),
    line(`${places.run}/node/1/a\\040b`, "overlay"),
    line("/var/lib/csi/pv/fsap-1", "fuse.efs"),
    line("/var/lib/csi/pv/fsap-2", "nfs4"),
    line(`${places.run}-other/x`, "tmpfs"),
  ];
  expect(parseMounts(mountinfo.join("\n"))).toEqual(["/var/lib/csi/pv/fsap-1", `${places.run}/node/1/a b`]);
});
