package main

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
)

// policy is a file system policy (docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html). Once there is one, what no
// statement allows is refused.
type policy struct{ Statement []statement }

type statement struct {
	Effect    string
	Principal json.RawMessage
	Action    words
	Condition map[string]map[string]words
}

// words are one text or several.
type words []string

func (w *words) UnmarshalJSON(data []byte) error {
	var one any
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	list, ok := one.([]any)
	if !ok {
		list = []any{one}
	}
	for _, entry := range list {
		*w = append(*w, fmt.Sprint(entry))
	}
	return nil
}

// client is a connection as conditions see it: it came through a mount target, and without IAM, so it is nobody in particular.
type client struct {
	secure      bool
	accessPoint string
}

func (c client) values() map[string]string {
	return map[string]string{
		"aws:SecureTransport":                      fmt.Sprint(c.secure),
		"elasticfilesystem:AccessedViaMountTarget": "true",
		"elasticfilesystem:AccessPointArn":         c.accessPoint,
	}
}

// allows says whether a client may do an action, as ClientMount; an error for a condition that is not known here.
func (p *policy) allows(action string, who client) (bool, error) {
	if p == nil {
		return true, nil
	}
	allowed := false
	for _, one := range p.Statement {
		applies, err := one.applies("elasticfilesystem:"+action, who)
		if err != nil {
			return false, err
		}
		if applies && one.Effect == "Deny" {
			return false, nil
		}
		allowed = allowed || applies
	}
	return allowed, nil
}

func (s statement) applies(action string, who client) (bool, error) {
	if !anybody(s.Principal) || !matches(s.Action, action) {
		return false, nil
	}
	for operator, keys := range s.Condition {
		for key, wanted := range keys {
			value, known := who.values()[key]
			if !known || !comparisons[operator] {
				return false, fmt.Errorf("mount.efs: the rehearsal cannot judge the condition %s of %s in a file system policy", operator, key)
			}
			if !matches(wanted, value) {
				return false, nil
			}
		}
	}
	return true, nil
}

var comparisons = map[string]bool{
	"Bool": true, "BoolIfExists": true, "StringEquals": true, "StringLike": true, "ArnEquals": true, "ArnLike": true,
}

func anybody(principal json.RawMessage) bool {
	var text string
	if json.Unmarshal(principal, &text) == nil {
		return text == "*"
	}
	var map_ struct{ AWS words }
	return json.Unmarshal(principal, &map_) == nil && len(map_.AWS) == 1 && map_.AWS[0] == "*"
}

// matches compares with * and ?, which in policies stand for slashes too.
func matches(patterns words, value string) bool {
	plain := strings.NewReplacer("/", "\x00")
	for _, pattern := range patterns {
		if ok, err := path.Match(plain.Replace(pattern), plain.Replace(value)); err == nil && ok {
			return true
		}
	}
	return false
}
