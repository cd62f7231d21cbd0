package main

import (
	"fmt"
	"regexp"
	"strings"
)

// refusal is a mount that fails, with the exit code of mount.efs.
type refusal struct {
	code    int
	message string
}

func (r *refusal) Error() string { return r.message }

func refuse(format string, values ...any) error { return &refusal{1, fmt.Sprintf(format, values...)} }

// request is a mount that was asked for.
type request struct {
	fileSystem, path, target string
	accessPoint              string
	tls, readOnly            bool
}

var (
	fileSystemID  = regexp.MustCompile(`^fs-[0-9a-f]+$`)
	accessPointID = regexp.MustCompile(`^fsap-[0-9a-f]{17}$`)
)

// parse reads the command line as efs-utils does (match_device, check_options_validity).
func parse(device, target, list string) (*request, error) {
	fileSystem, path, found := strings.Cut(device, ":")
	if !found {
		path = "/"
	}
	if !fileSystemID.MatchString(fileSystem) {
		return nil, refuse("Failed to resolve \"%s\" - check that the specified DNS name is a CNAME record resolving to a valid EFS DNS name", fileSystem)
	}
	result := &request{fileSystem: fileSystem, path: path, target: target}
	for _, option := range strings.Split(list, ",") {
		name, value, _ := strings.Cut(option, "=")
		switch name {
		case "accesspoint":
			result.accessPoint = value
		case "tls":
			result.tls = true
		case "ro":
			result.readOnly = true
		case "capath":
			return nil, refuse(`Unsupported mount options detected: "capath"`)
		}
		if name == "iam" && !strings.Contains(","+list+",", ",tls,") {
			return nil, refuse(`The "tls" option is required when mounting via "iam"`)
		}
	}
	if result.accessPoint != "" && !result.tls {
		return nil, refuse(`The "tls" option is required when mounting via "accesspoint"`)
	}
	if result.accessPoint != "" && !accessPointID.MatchString(result.accessPoint) {
		return nil, refuse("Access Point ID %s is malformed", result.accessPoint)
	}
	return result, nil
}
