package main

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// Limits of EFS (docs.aws.amazon.com/efs/latest/ug/limits.html, "Quotas for Amazon EFS file systems").
const (
	maxHardLinks     = 177
	maxSymlinkLength = 4080
)

// identity is who the server acts as for every client of an access point; nil without one. EFS replaces the client's ids
// for every operation, and new files belong to it (docs.aws.amazon.com/efs/latest/ug/enforce-identity-access-points.html).
type identity struct{ UID, GID uint32 }

// export is the part of a file system that one mount shows.
type export struct {
	path     string
	user     *identity
	readOnly bool
	delay    delays
	hidden   sync.Mutex // taken while an open file is renamed away
}

// delays stand for the way to the server. The kernel of an NFS client caches attributes and sends what was written when a
// file is closed: no delay for each write.
type delays struct{ read, write time.Duration }

func (d delays) reading() { time.Sleep(d.read) }
func (d delays) writing() { time.Sleep(d.write) }

// node is a file or a folder. The client checks no permissions: that is the server's business, which acts as the
// access point's user.
type node struct {
	fs.Inode
	of *export

	mu    sync.Mutex
	opens int
	// What is left of a removed file that was open: it goes with the last close, as NFS clients do it.
	silly string
}

func (n *node) path(name ...string) string {
	return filepath.Join(append([]string{n.of.path, n.Path(nil)}, name...)...)
}

func (n *node) child(ctx context.Context, st *syscall.Stat_t, out *fuse.EntryOut) *fs.Inode {
	out.FromStat(st)
	return n.NewInode(ctx, &node{of: n.of}, fs.StableAttr{Mode: st.Mode, Ino: st.Ino, Gen: 1})
}

// made gives something new to the access point's user and returns its inode.
func (n *node) made(ctx context.Context, path string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if errno := n.of.own(ctx, path); errno != 0 {
		return nil, errno
	}
	var st syscall.Stat_t
	if err := syscall.Lstat(path, &st); err != nil {
		return nil, fs.ToErrno(err)
	}
	return n.child(ctx, &st, out), 0
}

func (e *export) own(ctx context.Context, path string) syscall.Errno {
	if e.user != nil {
		return fs.ToErrno(syscall.Lchown(path, int(e.user.UID), int(e.user.GID)))
	}
	caller, ok := fuse.FromContext(ctx)
	if !ok {
		return 0
	}
	return fs.ToErrno(syscall.Lchown(path, int(caller.Uid), int(caller.Gid)))
}

// change waits as long as a change takes, and refuses it where the client may only read.
func (n *node) change() syscall.Errno {
	n.of.delay.writing()
	if n.of.readOnly {
		return syscall.EROFS
	}
	return 0
}

func (n *node) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	n.of.delay.reading()
	var st syscall.Stat_t
	if err := syscall.Lstat(n.path(name), &st); err != nil {
		return nil, fs.ToErrno(err)
	}
	return n.child(ctx, &st, out), 0
}

func (n *node) Getattr(_ context.Context, f fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.of.delay.reading()
	var st syscall.Stat_t
	if errno := n.stat(f, &st); errno != 0 {
		return errno
	}
	out.FromStat(&st)
	return 0
}

func (n *node) stat(f fs.FileHandle, st *syscall.Stat_t) syscall.Errno {
	if open, ok := f.(*file); ok {
		return fs.ToErrno(syscall.Fstat(open.fd, st))
	}
	return fs.ToErrno(syscall.Lstat(n.current(), st))
}

// current is where the node's content lies, also after its name was removed.
func (n *node) current() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.silly != "" {
		return n.silly
	}
	return n.path()
}

// Access asks the server, and for its root all is allowed but to execute what nobody may.
func (n *node) Access(_ context.Context, mask uint32) syscall.Errno {
	n.of.delay.reading()
	var st syscall.Stat_t
	if errno := n.stat(nil, &st); errno != 0 {
		return errno
	}
	if mask&unix.X_OK != 0 && st.Mode&syscall.S_IFMT == syscall.S_IFREG && st.Mode&0o111 == 0 {
		return syscall.EACCES
	}
	if mask&unix.W_OK != 0 && n.of.readOnly {
		return syscall.EROFS
	}
	return 0
}

func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if errno := n.change(); errno != 0 {
		return nil, errno
	}
	if err := syscall.Mkdir(n.path(name), mode); err != nil {
		return nil, fs.ToErrno(err)
	}
	return n.made(ctx, n.path(name), out)
}

// Mknod refuses devices: NF4BLK and NF4CHR are no types of EFS (docs, "Unsupported NFSv4.0 and 4.1 features"). The error of
// NFS, EBADTYPE, is one that FUSE does not carry.
func (n *node) Mknod(ctx context.Context, name string, mode, device uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if errno := n.change(); errno != 0 {
		return nil, errno
	}
	if kind := mode & syscall.S_IFMT; kind == syscall.S_IFBLK || kind == syscall.S_IFCHR {
		return nil, syscall.EINVAL
	}
	if err := syscall.Mknod(n.path(name), mode, int(device)); err != nil {
		return nil, fs.ToErrno(err)
	}
	return n.made(ctx, n.path(name), out)
}

func (n *node) Symlink(ctx context.Context, target, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if errno := n.change(); errno != 0 {
		return nil, errno
	}
	if len(target) > maxSymlinkLength {
		return nil, syscall.ENAMETOOLONG
	}
	if err := syscall.Symlink(target, n.path(name)); err != nil {
		return nil, fs.ToErrno(err)
	}
	return n.made(ctx, n.path(name), out)
}

func (n *node) Link(ctx context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if errno := n.change(); errno != 0 {
		return nil, errno
	}
	source := target.(*node).current()
	var st syscall.Stat_t
	if err := syscall.Lstat(source, &st); err != nil {
		return nil, fs.ToErrno(err)
	}
	if st.Nlink >= maxHardLinks {
		return nil, syscall.EMLINK
	}
	if err := syscall.Link(source, n.path(name)); err != nil {
		return nil, fs.ToErrno(err)
	}
	if err := syscall.Lstat(source, &st); err != nil {
		return nil, fs.ToErrno(err)
	}
	return n.child(ctx, &st, out), 0
}

func (n *node) Readlink(context.Context) ([]byte, syscall.Errno) {
	n.of.delay.reading()
	target, err := os.Readlink(n.path())
	return []byte(target), fs.ToErrno(err)
}

func (n *node) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	n.of.delay.reading()
	return fs.NewLoopbackDirStream(n.path())
}

func (n *node) Rmdir(_ context.Context, name string) syscall.Errno {
	if errno := n.change(); errno != 0 {
		return errno
	}
	return fs.ToErrno(syscall.Rmdir(n.path(name)))
}

func (n *node) Unlink(_ context.Context, name string) syscall.Errno {
	if errno := n.change(); errno != 0 {
		return errno
	}
	if hidden, errno := n.hide(name); hidden || errno != 0 {
		return errno
	}
	return fs.ToErrno(syscall.Unlink(n.path(name)))
}

// Rename knows no flags, as nfs_rename (Linux, fs/nfs/dir.c): EINVAL for RENAME_NOREPLACE and RENAME_EXCHANGE.
func (n *node) Rename(_ context.Context, name string, parent fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	if errno := n.change(); errno != 0 {
		return errno
	}
	if flags != 0 {
		return syscall.EINVAL
	}
	to := parent.(*node)
	if _, errno := to.hide(newName); errno != 0 {
		return errno
	}
	return fs.ToErrno(syscall.Rename(n.path(name), to.path(newName)))
}

// Statfs: EFS shows 8 EiB free, whatever lies in it (docs.aws.amazon.com/efs/latest/ug/metered-sizes.html and `df` there).
func (n *node) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	const block, blocks = 1 << 20, 1<<43 - 1
	*out = fuse.StatfsOut{Blocks: blocks, Bfree: blocks, Bavail: blocks, Bsize: block, Frsize: block, NameLen: 255}
	return 0
}

// EFS has no extended attributes. ENOSYS makes the kernel answer EOPNOTSUPP from then on without asking, as its NFS client does.
func (n *node) Setxattr(context.Context, string, []byte, uint32) syscall.Errno { return syscall.ENOSYS }
func (n *node) Removexattr(context.Context, string) syscall.Errno              { return syscall.ENOSYS }
