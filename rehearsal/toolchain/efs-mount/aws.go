package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// cloud is the part of AWS that decides about a mount. The emulator takes any signature, so there is no SDK.
type cloud struct{ endpoint, region, instance string }

func newCloud() (*cloud, error) {
	result := &cloud{os.Getenv("AWS_ENDPOINT_URL"), os.Getenv("AWS_REGION"), os.Getenv("EFS_INSTANCE")}
	if result.endpoint == "" || result.region == "" || result.instance == "" {
		return nil, fmt.Errorf("mount.efs: AWS_ENDPOINT_URL, AWS_REGION and EFS_INSTANCE must be set")
	}
	return result, nil
}

// apiError is an answer of AWS that is no success.
type apiError struct{ code, message string }

func (e *apiError) Error() string { return e.code + ": " + e.message }

func (c *cloud) call(service, method, path, body string) ([]byte, error) {
	request, err := http.NewRequest(method, c.endpoint+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	// The scope names service and region.
	request.Header.Set("Authorization", fmt.Sprintf(
		"AWS4-HMAC-SHA256 Credential=test/20260101/%s/%s/aws4_request, SignedHeaders=host, Signature=0", c.region, service))
	if body != "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{Proxy: nil}}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 {
		var said struct{ Code, ErrorCode, Type, Message string }
		_ = json.Unmarshal(content, &said)
		code := response.Header.Get("x-amzn-ErrorType")
		for _, other := range []string{said.ErrorCode, said.Code, said.Type} {
			if code == "" {
				code = other
			}
		}
		return nil, &apiError{code, said.Message}
	}
	return content, nil
}

func (c *cloud) efs(path string, answer any) error {
	content, err := c.call("elasticfilesystem", http.MethodGet, "/2015-02-01/"+path, "")
	if err != nil {
		return err
	}
	return json.Unmarshal(content, answer)
}

func (c *cloud) ec2(action string, parameters map[string]string, answer any) error {
	form := url.Values{"Action": {action}, "Version": {"2016-11-15"}}
	for name, value := range parameters {
		form.Set(name, value)
	}
	content, err := c.call("ec2", http.MethodPost, "/", form.Encode())
	if err != nil {
		return err
	}
	return xml.Unmarshal(content, answer)
}

type mountTarget struct {
	MountTargetId, AvailabilityZoneName, LifeCycleState, IpAddress string
}

func (c *cloud) mountTargets(fileSystem string) ([]mountTarget, error) {
	var answer struct{ MountTargets []mountTarget }
	err := c.efs("mount-targets?FileSystemId="+url.QueryEscape(fileSystem), &answer)
	return answer.MountTargets, err
}

func (c *cloud) mountTargetGroups(id string) ([]string, error) {
	var answer struct{ SecurityGroups []string }
	err := c.efs("mount-targets/"+id+"/security-groups", &answer)
	return answer.SecurityGroups, err
}

type accessPoint struct {
	AccessPointId, AccessPointArn, FileSystemId, LifeCycleState string
	PosixUser                                                   *struct{ Uid, Gid uint32 }
	RootDirectory                                               struct {
		Path         string
		CreationInfo *struct {
			OwnerUid, OwnerGid uint32
			Permissions        string
		}
	}
}

// accessPointOf returns nil for one that does not exist, or not any more.
func (c *cloud) accessPointOf(id string) (*accessPoint, error) {
	var answer struct{ AccessPoints []accessPoint }
	err := c.efs("access-points?AccessPointId="+url.QueryEscape(id), &answer)
	if failure, ok := err.(*apiError); ok && failure.code == "AccessPointNotFound" {
		return nil, nil
	}
	if err != nil || len(answer.AccessPoints) != 1 || answer.AccessPoints[0].LifeCycleState != "available" {
		return nil, err
	}
	return &answer.AccessPoints[0], nil
}

// policy returns nil where the file system has none.
func (c *cloud) policy(fileSystem string) (*policy, error) {
	var answer struct{ Policy string }
	err := c.efs("file-systems/"+fileSystem+"/policy", &answer)
	if failure, ok := err.(*apiError); ok && failure.code == "PolicyNotFound" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var result policy
	if err := json.Unmarshal([]byte(answer.Policy), &result); err != nil {
		return nil, fmt.Errorf("policy of %s: %w", fileSystem, err)
	}
	return &result, nil
}

// instance is what this node is to AWS.
type instance struct {
	Zone    string   `xml:"placement>availabilityZone"`
	Address string   `xml:"privateIpAddress"`
	Groups  []string `xml:"groupSet>item>groupId"`
	More    []string `xml:"networkInterfaceSet>item>groupSet>item>groupId"`
}

func (c *cloud) self() (*instance, error) {
	var answer struct {
		Instances []instance `xml:"reservationSet>item>instancesSet>item"`
	}
	if err := c.ec2("DescribeInstances", map[string]string{"InstanceId.1": c.instance}, &answer); err != nil {
		return nil, err
	}
	if len(answer.Instances) != 1 {
		return nil, fmt.Errorf("mount.efs: EC2 knows %d instances %s", len(answer.Instances), c.instance)
	}
	found := answer.Instances[0]
	found.Groups = append(found.Groups, found.More...)
	return &found, nil
}

type rule struct {
	Protocol string   `xml:"ipProtocol"`
	From     *int     `xml:"fromPort"`
	To       *int     `xml:"toPort"`
	Groups   []string `xml:"groups>item>groupId"`
	CIDRs    []string `xml:"ipRanges>item>cidrIp"`
}

type securityGroup struct {
	ID      string `xml:"groupId"`
	Ingress []rule `xml:"ipPermissions>item"`
	Egress  []rule `xml:"ipPermissionsEgress>item"`
}

func (c *cloud) securityGroups(ids []string) ([]securityGroup, error) {
	parameters := map[string]string{}
	for index, id := range ids {
		parameters[fmt.Sprintf("GroupId.%d", index+1)] = id
	}
	var answer struct {
		Groups []securityGroup `xml:"securityGroupInfo>item"`
	}
	err := c.ec2("DescribeSecurityGroups", parameters, &answer)
	return answer.Groups, err
}
