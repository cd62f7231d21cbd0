package main

import (
	"errors"
	"fmt"
	"math/rand"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const nfs = 2049

// mountTries and tryTime are efs-utils' (call_nfs_mount_command_with_retry_succeed); mountGivesUp is mount.nfs' for a mount in
// the foreground (nfs(5), retry=2 minutes). The kubelet asks no longer than two minutes for a volume and then says DeadlineExceeded
// (kubernetes: pkg/volume/csi/csi_plugin.go, csiTimeout).
const (
	mountTries   = 3
	tryTime      = 15 * time.Second
	mountGivesUp = 2 * time.Minute
)

// resolve finds what a request is to be given, or refuses it where EFS would.
func (r *request) resolve(aws *cloud) (served, error) {
	self, err := aws.self()
	if err != nil {
		return served{}, err
	}
	target, err := r.mountTarget(aws, self)
	if err != nil {
		return served{}, err
	}
	if open, err := reaches(aws, self, target); err != nil {
		return served{}, err
	} else if !open {
		return served{}, noConnection()
	}
	return r.tries(aws)
}

// tries is efs-utils' patience with a server that denies access: a new access point may not be known there yet.
func (r *request) tries(aws *cloud) (served, error) {
	result, err := r.connect(aws)
	for try := 1; try < mountTries && err == errDenied && r.accessPoint != ""; try++ {
		wait := []float64{1, 1.5}[try-1] + rand.Float64()
		fmt.Fprintf(os.Stderr, "Mount attempt %d/%d failed due to %s, wait %d sec before next attempt.\n", try, mountTries, err, int(wait))
		time.Sleep(time.Duration(wait * float64(time.Second)))
		result, err = r.connect(aws)
	}
	return result, err
}

var errDenied error = &refusal{32, "b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'"}

// mountTarget: the file system's name is known in DNS only where its zone has a mount target
// (docs.aws.amazon.com/efs/latest/ug/mounting-fs-mount-cmd-dns-name.html); then efs-utils asks EFS itself.
func (r *request) mountTarget(aws *cloud, self *instance) (mountTarget, error) {
	all, err := aws.mountTargets(r.fileSystem)
	failure := &apiError{}
	if errors.As(err, &failure) && failure.code == "FileSystemNotFound" {
		return mountTarget{}, r.unresolved(aws, fmt.Sprintf("The file system %s is not found", r.fileSystem))
	}
	if err != nil {
		return mountTarget{}, err
	}
	var zones []string
	for _, target := range all {
		if target.LifeCycleState != "available" {
			continue
		}
		if target.AvailabilityZoneName == self.Zone {
			return target, nil
		}
		zones = append(zones, "'"+target.AvailabilityZoneName+"'")
	}
	return mountTarget{}, r.unresolved(aws, r.lack(all, zones, self.Zone))
}

// lack is what get_mount_target_in_az of efs-utils says.
func (r *request) lack(all []mountTarget, zones []string, zone string) string {
	available := "Available mount target(s) are in az [" + strings.Join(zones, ", ") + "]"
	if len(all) == 0 {
		return fmt.Sprintf("Cannot find mount target for the file system %s, please create a mount target in %s.", r.fileSystem, zone)
	}
	if len(zones) == 0 {
		return fmt.Sprintf("No mount target created for the file system %s is in available state yet, please retry in 5 minutes.", r.fileSystem)
	}
	for _, target := range all {
		if target.AvailabilityZoneName == zone && target.LifeCycleState == "creating" {
			return fmt.Sprintf("Mount target in the az %s is creating, please retry in 5 minutes, or use the mount target in the other az "+
				"by passing the availability zone name option. %s", zone, available)
		}
	}
	return fmt.Sprintf("No matching mount target in the az %s. Please create one mount target in %s, or try the mount target in another "+
		"AZ by passing the availability zone name option. %s", zone, zone, available)
}

func (r *request) unresolved(aws *cloud, lack string) error {
	return refuse("Failed to resolve \"%s.efs.%s.amazonaws.com\" - check that your file system ID is correct, and ensure that the VPC has an "+
		"EFS mount target for this file system ID.\nSee https://docs.aws.amazon.com/console/efs/mount-dns-name for more detail.\n"+
		"Attempting to lookup mount target ip address using botocore. %s", r.fileSystem, aws.region, lack)
}

// reaches: the node's groups must let NFS out, the mount target's must let it in.
func reaches(aws *cloud, self *instance, target mountTarget) (bool, error) {
	theirs, err := aws.mountTargetGroups(target.MountTargetId)
	if err != nil {
		return false, err
	}
	var sides [2][]securityGroup
	for side, ids := range [][]string{self.Groups, theirs} {
		if len(ids) == 0 {
			return false, nil
		}
		if sides[side], err = aws.securityGroups(ids); err != nil {
			return false, err
		}
	}
	out := slices.ContainsFunc(sides[0], func(group securityGroup) bool { return lets(group.Egress, theirs, target.IpAddress) })
	in := slices.ContainsFunc(sides[1], func(group securityGroup) bool { return lets(group.Ingress, self.Groups, self.Address) })
	return out && in, nil
}

// lets says whether a rule admits NFS from or to an address that is in some groups.
func lets(rules []rule, groups []string, address string) bool {
	return slices.ContainsFunc(rules, func(one rule) bool {
		port := one.Protocol == "-1" || one.Protocol == "tcp" && one.From != nil && one.To != nil && *one.From <= nfs && nfs <= *one.To
		if !port {
			return false
		}
		if slices.ContainsFunc(one.Groups, func(id string) bool { return slices.Contains(groups, id) }) {
			return true
		}
		at, err := netip.ParseAddr(address)
		return err == nil && slices.ContainsFunc(one.CIDRs, func(text string) bool {
			prefix, err := netip.ParsePrefix(text)
			return err == nil && prefix.Contains(at)
		})
	})
}

// noConnection waits as long as nobody answers.
func noConnection() error {
	for try := 1; try < mountTries; try++ {
		time.Sleep(tryTime)
		fmt.Fprintf(os.Stderr, "Mount attempt %d/%d failed due to timeout after 15 sec, wait 0 sec before next attempt.\n", try, mountTries)
	}
	time.Sleep(mountGivesUp)
	return &refusal{32, "b'mount.nfs4: Connection timed out'"}
}

// connect is the server's side: access point and policy.
func (r *request) connect(aws *cloud) (served, error) {
	result := served{Path: filepath.Join(os.Getenv("EFS_VOLUMES"), r.fileSystem), ReadOnly: r.readOnly}
	var err error
	if result.Read, result.Write, err = readDelays(os.Getenv("EFS_DELAYS")); err != nil {
		return served{}, err
	}
	if err := os.MkdirAll(result.Path, 0o755); err != nil {
		return served{}, err
	}
	who := client{secure: r.tls}
	var point *accessPoint
	if r.accessPoint != "" {
		if point, err = aws.accessPointOf(r.accessPoint); err != nil {
			return served{}, err
		}
		// A client that is connected when its access point goes stays connected (API_DeleteAccessPoint); a new one is refused.
		if point == nil || point.FileSystemId != r.fileSystem {
			return served{}, errDenied
		}
		who.accessPoint = point.AccessPointArn
		if result.Path, err = point.root(result.Path); err != nil {
			return served{}, err
		}
		if user := point.PosixUser; user != nil {
			result.User = &identity{user.Uid, user.Gid}
		}
	} else {
		result.Path = filepath.Join(result.Path, filepath.Clean("/"+r.path))
	}
	return r.permitted(aws, who, result)
}

// permitted: without ClientWrite a client may only read. A user of root needs ClientRootAccess
// (docs.aws.amazon.com/efs/latest/ug/enforce-identity-access-points.html); EFS would mount and make it nobody, here the mount fails.
func (r *request) permitted(aws *cloud, who client, result served) (served, error) {
	rules, err := aws.policy(r.fileSystem)
	if err != nil {
		return served{}, err
	}
	may := map[string]bool{}
	for _, action := range []string{"ClientMount", "ClientWrite", "ClientRootAccess"} {
		if may[action], err = rules.allows(action, who); err != nil {
			return served{}, err
		}
	}
	if !may["ClientMount"] {
		return served{}, errDenied
	}
	root := result.User == nil || result.User.UID == 0
	if root && !may["ClientRootAccess"] {
		return served{}, errDenied
	}
	result.ReadOnly = result.ReadOnly || !may["ClientWrite"]
	return result, nil
}

// root is the access point's folder. EFS makes it with the first client, if it was told how
// (docs.aws.amazon.com/efs/latest/ug/enforce-root-directory-access-point.html).
func (p *accessPoint) root(fileSystem string) (string, error) {
	folder := filepath.Join(fileSystem, filepath.Clean("/"+p.RootDirectory.Path))
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	info := p.RootDirectory.CreationInfo
	if info == nil {
		return "", &refusal{32, "b'mount.nfs4: mounting 127.0.0.1:/ failed, reason given by server: No such file or directory'"}
	}
	mode, err := strconv.ParseUint(info.Permissions, 8, 32)
	if err != nil {
		return "", fmt.Errorf("mount.efs: permissions of %s: %w", p.AccessPointId, err)
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return "", err
	}
	if err := os.Mkdir(folder, 0o700); err != nil && !os.IsExist(err) {
		return "", err
	}
	if err := syscall.Chown(folder, int(info.OwnerUid), int(info.OwnerGid)); err != nil {
		return "", err
	}
	return folder, syscall.Chmod(folder, uint32(mode))
}

// readDelays takes them from a file: how long reading and how long changing takes, as `1ms 2.7ms`. No file: no delay.
func readDelays(file string) (read, write time.Duration, err error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, 0, nil
	}
	fields := strings.Fields(string(content))
	if len(fields) != 2 {
		return 0, 0, fmt.Errorf("mount.efs: %s must hold two durations, as `1ms 2.7ms`", file)
	}
	if read, err = time.ParseDuration(fields[0]); err == nil {
		write, err = time.ParseDuration(fields[1])
	}
	return read, write, err
}
