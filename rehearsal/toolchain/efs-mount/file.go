package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// file is an open file.
type file struct {
	of      *node
	fd      int
	written atomic.Bool
}

func (n *node) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	n.of.delay.reading()
	if n.of.readOnly && flags&syscall.O_ACCMODE != syscall.O_RDONLY {
		return nil, 0, syscall.EROFS
	}
	// The kernel gives each write its place.
	fd, err := syscall.Open(n.current(), int(flags)&^syscall.O_APPEND|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, 0, fs.ToErrno(err)
	}
	return n.opened(fd), 0, 0
}

func (n *node) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	if errno := n.change(); errno != 0 {
		return nil, nil, 0, errno
	}
	path := n.path(name)
	fd, err := syscall.Open(path, int(flags)&^syscall.O_APPEND|syscall.O_CREAT, mode)
	if err != nil {
		return nil, nil, 0, fs.ToErrno(err)
	}
	inode, errno := n.made(ctx, path, out)
	if errno != 0 {
		syscall.Close(fd)
		return nil, nil, 0, errno
	}
	return inode, inode.Operations().(*node).opened(fd), 0, 0
}

func (n *node) opened(fd int) *file {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.opens++
	return &file{of: n, fd: fd}
}

// hide renames a file away that is open on this client and about to lose its name, as an NFS client does, which has no way
// to keep it otherwise ("silly rename", Linux: nfs_sillyrename in fs/nfs/unlink.c): its folder is not empty until it is closed, and the new name
// cannot be removed (EBUSY).
func (n *node) hide(name string) (bool, syscall.Errno) {
	inode := n.GetChild(name)
	if inode == nil {
		return false, 0
	}
	gone, ok := inode.Operations().(*node)
	if !ok {
		return false, 0
	}
	n.of.hidden.Lock()
	defer n.of.hidden.Unlock()
	gone.mu.Lock()
	defer gone.mu.Unlock()
	if gone.silly == n.path(name) {
		return false, syscall.EBUSY
	}
	var st syscall.Stat_t
	if gone.opens == 0 || gone.silly != "" || syscall.Lstat(n.path(name), &st) != nil || st.Nlink > 1 {
		return false, 0
	}
	hidden := n.path(fmt.Sprintf(".nfs%016x%08x", st.Ino, time.Now().UnixNano()&0xffffffff))
	if err := syscall.Rename(n.path(name), hidden); err != nil {
		return false, fs.ToErrno(err)
	}
	gone.silly = hidden
	return true, 0
}

func (f *file) Read(_ context.Context, buffer []byte, offset int64) (fuse.ReadResult, syscall.Errno) {
	if offset == 0 {
		f.of.of.delay.reading()
	}
	return fuse.ReadResultFd(uintptr(f.fd), offset, len(buffer)), 0
}

func (f *file) Write(_ context.Context, data []byte, offset int64) (uint32, syscall.Errno) {
	f.written.Store(true)
	count, err := syscall.Pwrite(f.fd, data, offset)
	return uint32(count), fs.ToErrno(err)
}

// sync waits as long as it takes to send what was written since the last time.
func (f *file) sync() {
	if f.written.Swap(false) {
		f.of.of.delay.writing()
	}
}

func (f *file) Flush(context.Context) syscall.Errno {
	f.sync()
	return 0
}

func (f *file) Fsync(context.Context, uint32) syscall.Errno {
	f.sync()
	return fs.ToErrno(syscall.Fsync(f.fd))
}

func (f *file) Release(context.Context) syscall.Errno {
	n := f.of
	n.mu.Lock()
	defer n.mu.Unlock()
	n.opens--
	if n.opens == 0 && n.silly != "" {
		syscall.Unlink(n.silly)
		n.silly = ""
	}
	return fs.ToErrno(syscall.Close(f.fd))
}

// Allocate: NFS has it from 4.2 on, EFS speaks 4.1.
func (f *file) Allocate(context.Context, uint64, uint64, uint32) syscall.Errno {
	return syscall.EOPNOTSUPP
}

func (f *file) Getlk(_ context.Context, _ uint64, lock *fuse.FileLock, _ uint32, out *fuse.FileLock) syscall.Errno {
	var flock syscall.Flock_t
	lock.ToFlockT(&flock)
	errno := fs.ToErrno(syscall.FcntlFlock(uintptr(f.fd), unix.F_OFD_GETLK, &flock))
	out.FromFlockT(&flock)
	return errno
}

// Setlk locks for all clients: the lock lies on the server's file, and is one of the whole open file. An NFS client makes a
// flock() a lock of the whole file as well (flock(2), "NFS details").
func (f *file) Setlk(_ context.Context, _ uint64, lock *fuse.FileLock, _ uint32) syscall.Errno {
	var flock syscall.Flock_t
	lock.ToFlockT(&flock)
	flock.Pid = 0
	return fs.ToErrno(syscall.FcntlFlock(uintptr(f.fd), unix.F_OFD_SETLK, &flock))
}

// Setlkw asks again and again, as a client of NFSv4 does.
func (f *file) Setlkw(ctx context.Context, owner uint64, lock *fuse.FileLock, flags uint32) syscall.Errno {
	for {
		if errno := f.Setlk(ctx, owner, lock, flags); errno != syscall.EAGAIN {
			return errno
		}
		select {
		case <-ctx.Done():
			return syscall.EINTR
		case <-time.After(50 * time.Millisecond):
		}
	}
}
