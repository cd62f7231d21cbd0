"""Prints what the layer of an image holds, as a list of JSON objects: Python's own reader of tar archives reads them.

Arguments: the layer's file. Contents of files above 4 KiB are left out.
"""

import base64
import json
import sys
import tarfile

kinds = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.LNKTYPE: "hard link",
    tarfile.SYMTYPE: "symlink",
    tarfile.DIRTYPE: "folder",
    tarfile.FIFOTYPE: "pipe",
}
xattr = "SCHILY.xattr."


def described(archive, member):
    content = archive.extractfile(member).read() if member.isreg() and member.size <= 4096 else None
    return {
        "name": member.name,
        "kind": kinds.get(member.type, "other"),
        "mode": f"{member.mode:04o}",
        "owner": f"{member.uid}:{member.gid}",
        "size": member.size,
        "target": member.linkname,
        "xattrs": {
            key.removeprefix(xattr): value.encode("utf-8", "surrogateescape").hex()
            for key, value in member.pax_headers.items()
            if key.startswith(xattr)
        },
        "content": None if content is None else base64.b64encode(content).decode(),
    }


with tarfile.open(sys.argv[1]) as archive:
    json.dump([described(archive, member) for member in archive], sys.stdout)
