import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { asPod, buildMountProgram, canMount, type Mount, mount } from "./efs-mount";

describe.skipIf(!canMount())("an access point, mounted", () => {
  let program = "";
  const mounts: Mount[] = [];
  const client = async (options?: Parameters<typeof mount>[1]) => {
    const made = await mount(program, options);
    mounts.push(made);
    return made;
  };

  beforeAll(async () => {
    program = await buildMountProgram();
  }, 180_000);
  afterEach(async () => {
    for (const made of mounts.splice(0).reverse()) await made.unmount();
  });
  afterAll(() => rmSync(program, { recursive: true, force: true }));

  // https://docs.aws.amazon.com/efs/latest/ug/enforce-identity-access-points.html
  it("lets a pod with any uid into a folder that is root's alone, and makes root the owner of what it writes", async () => {
    const { target, data } = await client();
    const owner = "lambda path: [os.stat(path).st_uid, os.stat(path).st_gid, oct(os.stat(path).st_mode)]";
    const answers = await asPod(
      target,
      `
owner = ${owner}
os.umask(0o022)
show("root", lambda: owner("."))
show("mkdir", lambda: os.mkdir("folder"))
show("write", lambda: open("folder/file", "w").write("text"))
show("folder", lambda: owner("folder"))
show("file", lambda: owner("folder/file"))
show("symlink", lambda: os.symlink("file", "folder/link"))
show("link owner", lambda: os.lstat("folder/link").st_uid)
show("read", lambda: open("folder/link").read())`,
    );
    expect(answers).toEqual({
      root: [0, 0, "0o40700"],
      mkdir: null,
      write: 4,
      folder: [0, 0, "0o40755"],
      file: [0, 0, "0o100644"],
      symlink: null,
      "link owner": 0,
      read: "text",
    });
    expect(statSync(join(data, "folder", "file")).uid).toBe(0);
  });

  // kubernetes-sigs/aws-efs-csi-driver#300: chown works where the access point's user is 0, and only there
  it("changes modes, times and owners for a pod, as the server is root for it", async () => {
    const { target } = await client();
    const answers = await asPod(
      target,
      `
open("file", "w").close()
show("chmod", lambda: os.chmod("file", 0o4600))
show("chown", lambda: os.chown("file", 1234, 5678))
show("after", lambda: [os.stat("file").st_uid, os.stat("file").st_gid, oct(stat.S_IMODE(os.stat("file").st_mode))])
show("write what is another's", lambda: open("file", "a").write("x"))
os.symlink("file", "link")
show("chown of a link", lambda: os.chown("link", 7, 7, follow_symlinks=False))
show("its target", lambda: os.stat("file").st_uid)
show("times", lambda: os.utime("file", (1, 2)))
show("mtime", lambda: os.stat("file").st_mtime)`,
    );
    expect(answers).toEqual({
      chmod: null,
      chown: null,
      after: [1234, 5678, expect.stringMatching(/600$/)],
      "write what is another's": 1,
      "chown of a link": null,
      "its target": 1234,
      times: null,
      mtime: 2,
    });
  });

  it("answers access() for the access point's user, not for the caller: all but to execute what is no program", async () => {
    const { target } = await client();
    const answers = await asPod(
      target,
      `
os.mkdir("folder", 0o700)
os.close(os.open("file", os.O_CREAT, 0o600))
os.close(os.open("program", os.O_CREAT, 0o700))
show("enter", lambda: (os.chdir("folder"), os.chdir(".."))[1])
for name in ["folder", "file", "program"]:
    show(name, lambda: [os.access(name, kind) for kind in [os.R_OK, os.W_OK, os.X_OK]])`,
    );
    expect(answers).toEqual({ enter: null, folder: [true, true, true], file: [true, true, false], program: [true, true, true] });
  });

  it("refuses to change an owner where the access point's user is not root", async () => {
    const { target } = await client({ export: { User: { UID: 5, GID: 6 } } });
    const answers = await asPod(
      target,
      `
open("file", "w").close()
show("owner", lambda: [os.stat("file").st_uid, os.stat("file").st_gid])
show("chown", lambda: os.chown("file", 1234, 5678))
show("chown to itself", lambda: os.chown("file", 5, 6))`,
    );
    expect(answers).toEqual({ owner: [5, 6], chown: "EPERM", "chown to itself": null });
  });

  // Linux, fs/nfs/nfs4proc.c: a server without the named attributes; xattr(7)
  it("has no extended attributes: EOPNOTSUPP, not EPERM, and asks nobody whether there are some", async () => {
    const { target } = await client();
    const answers = await asPod(
      target,
      `
open("file", "w").close()
show("set", lambda: os.setxattr("file", "user.x", b"1"))
show("get", lambda: os.getxattr("file", "user.x"))
show("list", lambda: os.listxattr("file"))
show("remove", lambda: os.removexattr("file", "user.x"))`,
    );
    // ENOTSUP is the same number.
    expect(answers).toEqual({ set: "ENOTSUP", get: "ENOTSUP", list: "ENOTSUP", remove: "ENOTSUP" });
  });

  // docs.aws.amazon.com/efs/latest/ug/limits.html; fs/nfs/dir.c (nfs_rename)
  it("renames, links and makes what NFS and EFS can, and refuses the rest", async () => {
    const { target } = await client();
    const answers = await asPod(
      target,
      `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def exchange(flags, to):
    if libc.renameat2(-100, b"a", -100, to, flags) == 0: return 0
    raise OSError(ctypes.get_errno(), "")
def links():
    for number in range(300):
        try: os.link("a", "link%d" % number)
        except OSError as error: return [number + 1, errno.errorcode[error.errno]]
for name in ["a", "b"]: open(name, "w").write(name)
show("exchange", lambda: exchange(2, b"b"))
show("noreplace", lambda: exchange(1, b"c"))
show("replace", lambda: os.rename("b", "a"))
show("replaced", lambda: open("a").read())
show("hard links", links)
show("same file", lambda: os.path.samefile("a", "link7"))
show("long link", lambda: os.symlink("x" * 4081, "long"))
show("as long as may be", lambda: os.symlink("x" * 4080, "long"))
show("pipe", lambda: os.mkfifo("pipe"))
os.mkdir("folder"); open("folder/file", "w").close()
show("not empty", lambda: os.rmdir("folder"))
show("move a folder", lambda: os.rename("folder", "moved"))
show("moved", lambda: os.listdir("moved"))`,
    );
    expect(answers).toEqual({
      exchange: "EINVAL",
      noreplace: "EINVAL",
      replace: null,
      replaced: "b",
      "hard links": [177, "EMLINK"],
      "same file": true,
      "long link": "ENAMETOOLONG",
      "as long as may be": null,
      pipe: null,
      "not empty": "ENOTEMPTY",
      "move a folder": null,
      moved: ["file"],
    });
  });

  // fs/nfs/unlink.c (nfs_sillyrename)
  it("keeps a file that was removed while open under another name until it is closed: its folder is not empty", async () => {
    const { target } = await client();
    const answers = await asPod(
      target,
      `
os.mkdir("folder")
file = open("folder/file", "w+"); file.write("x"); file.flush()
os.unlink("folder/file")
show("left", lambda: [name[:4] for name in os.listdir("folder")])
show("rmdir", lambda: os.rmdir("folder"))
show("remove", lambda: os.unlink("folder/" + os.listdir("folder")[0]))
show("still there", lambda: (file.seek(0), file.read())[1])
file.close()
show("closed", lambda: os.listdir("folder"))
show("rmdir again", lambda: os.rmdir("folder"))`,
    );
    expect(answers).toEqual({ left: [".nfs"], rmdir: "ENOTEMPTY", remove: "EBUSY", "still there": "x", closed: [], "rmdir again": null });
  });

  it("shows a second client what the first one wrote, and keeps its locks away from it", async () => {
    const first = await client();
    const second = await client({ data: first.data });
    const answers = await asPod(
      first.target,
      `
import fcntl
other = ${JSON.stringify(second.target)}
open("file", "w").write("text")
show("read", lambda: open(other + "/file").read())
show("moved", lambda: (os.rename("file", "renamed"), open(other + "/renamed").read())[1])
mine, theirs = open("renamed", "r+"), open(other + "/renamed", "r+")
for kind in [fcntl.flock, fcntl.lockf]:
    kind(mine, fcntl.LOCK_EX)
    show(kind.__name__, lambda: kind(theirs, fcntl.LOCK_EX | fcntl.LOCK_NB))
    kind(mine, fcntl.LOCK_UN)
    show(kind.__name__ + " later", lambda: kind(theirs, fcntl.LOCK_EX | fcntl.LOCK_NB))
    kind(theirs, fcntl.LOCK_UN)`,
    );
    expect(answers).toEqual({
      read: "text",
      moved: "text",
      flock: "EAGAIN",
      "flock later": null,
      lockf: "EAGAIN",
      "lockf later": null,
    });
  });

  it("waits for each operation as long as it is told, and not for every write", async () => {
    const timed = async (delays: object) => {
      const { target } = await client({ export: delays });
      const answers = await asPod(
        target,
        `
import time
def spend(call):
    start = time.monotonic(); call(); return time.monotonic() - start
def create():
    for number in range(50): open("file%d" % number, "w").close()
def write():
    with open("big", "wb", buffering=0) as file:
        for _ in range(200): file.write(b"x" * 4096)
show("create", lambda: spend(create))
show("write", lambda: spend(write))`,
      );
      return answers as { create: number; write: number };
    };
    const [none, slow] = [await timed({}), await timed({ Read: 2e6, Write: 10e6 })];
    expect(slow.create - none.create).toBeGreaterThan(0.5);
    expect(slow.create - none.create).toBeLessThan(5);
    expect(slow.write - none.write).toBeLessThan(0.5);
  });

  it("refuses every change where the client may only read", async () => {
    const { target } = await client({ export: { ReadOnly: true } });
    const answers = await asPod(target, `show("write", lambda: open("file", "w"))\nshow("list", lambda: os.listdir("."))`);
    expect(answers).toEqual({ write: "EROFS", list: [] });
  });

  it("ends with the mount", async () => {
    const made = await mount(program);
    await expect(made.unmount()).resolves.toBeUndefined();
  });
});
