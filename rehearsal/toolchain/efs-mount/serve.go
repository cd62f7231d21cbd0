package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// serve mounts and serves until the mount is gone. Standard error is closed once the mount is there.
func serve(target string, input io.Reader) error {
	var what served
	if err := json.NewDecoder(input).Decode(&what); err != nil {
		return fmt.Errorf("what to serve: %w", err)
	}
	// The client has applied the caller's already.
	syscall.Umask(0)
	root, err := newRoot(what)
	if err != nil {
		return err
	}
	// A client of NFS believes what it knows for seconds (nfs(5): acregmin=3); what is not there it asks for again.
	known, unknown := time.Second, time.Duration(0)
	options := &fs.Options{
		EntryTimeout: &known, AttrTimeout: &known, NegativeTimeout: &unknown, NullPermissions: true,
		MountOptions: fuse.MountOptions{
			// Without an access point the server would have to tell users apart, which this one does not: root alone may in.
			AllowOther:        what.User != nil,
			FsName:            "127.0.0.1:/",
			Name:              "efs",
			EnableLocks:       true,
			DirectMountStrict: true,
			// Reading them and listing them, as node.Setxattr is for writing.
			DisableXAttrs: true,
			// Each name would be looked up, and waited for, on its own.
			DisableReadDirPlus: true,
			MaxWrite:           1 << 20,
			DirectMountFlags:   mountFlags(what.ReadOnly),
		},
	}
	server, err := fs.Mount(target, root, options)
	if err != nil {
		return err
	}
	if silence, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		unix.Dup2(int(silence.Fd()), 2)
	}
	server.Wait()
	return nil
}

// mountFlags: an NFS mount is neither nosuid nor nodev unless asked. No flags at all would get the library's own choice.
func mountFlags(readOnly bool) uintptr {
	if readOnly {
		return syscall.MS_MGC_VAL | syscall.MS_RDONLY
	}
	return syscall.MS_MGC_VAL
}

func newRoot(what served) (*node, error) {
	var st syscall.Stat_t
	if err := syscall.Stat(what.Path, &st); err != nil {
		return nil, err
	}
	return &node{of: &export{
		path:     what.Path,
		user:     what.User,
		readOnly: what.ReadOnly,
		delay:    delays{read: what.Read, write: what.Write},
	}}, nil
}
