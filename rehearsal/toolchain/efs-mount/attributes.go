package main

import (
	"context"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// Setattr: whoever calls, the server acts as the access point's user. As root it may change owners
// (kubernetes-sigs/aws-efs-csi-driver#300: chown works only where the access point's user is 0).
func (n *node) Setattr(_ context.Context, f fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if errno := n.change(); errno != 0 {
		return errno
	}
	var st syscall.Stat_t
	if errno := n.stat(f, &st); errno != 0 {
		return errno
	}
	path := n.current()
	if mode, ok := in.GetMode(); ok {
		if err := syscall.Chmod(path, mode); err != nil {
			return fs.ToErrno(err)
		}
	}
	if errno := n.chown(path, in, &st); errno != 0 {
		return errno
	}
	if errno := setTimes(path, in); errno != 0 {
		return errno
	}
	if size, ok := in.GetSize(); ok {
		if err := truncate(f, path, int64(size)); err != nil {
			return fs.ToErrno(err)
		}
	}
	if errno := n.stat(f, &st); errno != 0 {
		return errno
	}
	out.FromStat(&st)
	return 0
}

func (n *node) chown(path string, in *fuse.SetAttrIn, st *syscall.Stat_t) syscall.Errno {
	uid, changesUser := in.GetUID()
	gid, changesGroup := in.GetGID()
	if !changesUser {
		uid = st.Uid
	}
	if !changesGroup {
		gid = st.Gid
	}
	if uid == st.Uid && gid == st.Gid {
		return 0
	}
	if n.of.user != nil && n.of.user.UID != 0 {
		return syscall.EPERM
	}
	return fs.ToErrno(syscall.Lchown(path, int(uid), int(gid)))
}

func setTimes(path string, in *fuse.SetAttrIn) syscall.Errno {
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Nsec: unix.UTIME_OMIT}}
	for i, get := range []func() (time.Time, bool){in.GetATime, in.GetMTime} {
		at, ok := get()
		if !ok {
			continue
		}
		spec, err := unix.TimeToTimespec(at)
		if err != nil {
			return fs.ToErrno(err)
		}
		times[i] = spec
	}
	return fs.ToErrno(unix.UtimesNanoAt(unix.AT_FDCWD, path, times, unix.AT_SYMLINK_NOFOLLOW))
}

func truncate(f fs.FileHandle, path string, size int64) error {
	if open, ok := f.(*file); ok {
		return syscall.Ftruncate(open.fd, size)
	}
	return syscall.Truncate(path, size)
}
