// mount.efs as the rehearsal has it: amazon-efs-utils' mount helper (github.com/aws/efs-utils) and the EFS server behind it in one
// program. It refuses what EFS refuses, in the words of efs-utils 3.2.0, and then serves a folder of this machine by FUSE
// as an access point shows it.
//
//	mount.efs fs-...[:/path] TARGET [-o tls,accesspoint=fsap-...,ro]
//	mount.efs serve TARGET       what it starts for itself; the export, as JSON, on standard input
//	mount -t efs [-o ...] fs-... TARGET    as another name of it: calls the above; every other mount is /bin/mount's
//
// Environment: EFS_VOLUMES (folder that holds a folder for each file system), EFS_INSTANCE (id of the instance that this node is),
// AWS_ENDPOINT_URL, AWS_REGION; EFS_DELAYS (a file: see readDelays).
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// served is what a server process is told.
type served struct {
	Path        string
	User        *identity
	ReadOnly    bool
	Read, Write time.Duration
}

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		if failure, ok := err.(*refusal); ok {
			os.Exit(failure.code)
		}
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if filepath.Base(arguments[0]) == "mount" {
		return asMount(arguments[1:])
	}
	if len(arguments) == 3 && arguments[1] == "serve" {
		return serve(arguments[2], os.Stdin)
	}
	if len(arguments) < 3 {
		return fmt.Errorf("usage: mount.efs fs-ID[:/PATH] TARGET [-o OPTIONS]")
	}
	list := ""
	if len(arguments) > 4 && arguments[3] == "-o" {
		list = arguments[4]
	}
	request, err := parse(arguments[1], arguments[2], list)
	if err != nil {
		return err
	}
	cloud, err := newCloud()
	if err != nil {
		return err
	}
	answer, err := request.resolve(cloud)
	if err != nil {
		return err
	}
	return start(answer, request.target)
}

// asMount does what util-linux' mount does for a type that has a helper, without a helper in /sbin.
func asMount(arguments []string) error {
	if len(arguments) < 2 || arguments[0] != "-t" || arguments[1] != "efs" {
		return syscall.Exec("/bin/mount", append([]string{"mount"}, arguments...), os.Environ())
	}
	list, rest := "", arguments[2:]
	if len(rest) > 2 && rest[0] == "-o" {
		list, rest = rest[1], rest[2:]
	}
	if len(rest) != 2 {
		return fmt.Errorf("mount: bad usage")
	}
	return run([]string{"mount.efs", rest[0], rest[1], "-o", list})
}

// start leaves a server behind and returns once the mount is there.
func start(what served, target string) error {
	input, err := json.Marshal(what)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ready, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	server := exec.Command(self, "serve", target)
	server.Args[0] = "mount.efs"
	server.Stdin = bytes.NewReader(input)
	server.Stderr = ours
	server.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := server.Start(); err != nil {
		return err
	}
	ours.Close()
	// The server closes its end when it serves; whatever it says before is why it does not.
	said, _ := io.ReadAll(ready)
	if len(said) > 0 {
		return &refusal{32, fmt.Sprintf("b'mount.nfs4: %s'", bytes.TrimSpace(said))}
	}
	return nil
}
