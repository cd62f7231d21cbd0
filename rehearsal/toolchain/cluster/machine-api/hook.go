package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"k8s.io/klog/v2"
)

// How long one request may take: the start of a node is the longest.
const requestTimeout = 5 * time.Minute

// How long the hook program is kept without a request.
const idleTimeout = 2 * time.Minute

// One line on the hook program's stdin.
type request struct {
	// create | update | exists | delete | instance-type
	Action       string          `json:"action"`
	Machine      *hookMachine    `json:"machine,omitempty"`
	ProviderSpec json.RawMessage `json:"providerSpec"`
}

type hookMachine struct {
	Name       string `json:"name"`
	Cluster    string `json:"cluster"`
	ProviderID string `json:"providerId,omitempty"`
	// base64
	UserData string `json:"userData,omitempty"`
}

// One line on the hook program's stdout.
type response struct {
	// create, update, exists; missing when there is no such instance.
	Instance     *instance     `json:"instance,omitempty"`
	InstanceType *instanceType `json:"instanceType,omitempty"`
	Error        *hookError    `json:"error,omitempty"`
}

type instance struct {
	ID         string `json:"id"`
	State      string `json:"state"`
	ProviderID string `json:"providerId"`
	PrivateIP  string `json:"privateIp"`
	PrivateDNS string `json:"privateDns"`
	PublicIP   string `json:"publicIp,omitempty"`
	PublicDNS  string `json:"publicDns,omitempty"`
	Type       string `json:"type"`
	Region     string `json:"region"`
	Zone       string `json:"zone"`
}

type instanceType struct {
	VCPU         int64  `json:"vCpu"`
	MemoryMiB    int64  `json:"memoryMiB"`
	GPU          int64  `json:"gpu"`
	Architecture string `json:"architecture"`
}

type hookError struct {
	// InvalidConfiguration: what the machine asks for can never be had. Anything else is tried again.
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// hook is a program that answers requests, a line of JSON each. It is started when it is needed and ended after a while without work.
type hook struct {
	command []string

	mutex  sync.Mutex
	child  *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	idle   *time.Timer
}

func (h *hook) call(ctx context.Context, question request) (response, error) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.idle != nil {
		h.idle.Stop()
	}
	defer func() { h.idle = time.AfterFunc(idleTimeout, h.stop) }()
	if err := h.start(); err != nil {
		return response{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	child := h.child
	unwatch := context.AfterFunc(ctx, func() { _ = child.Process.Kill() })
	defer unwatch()

	var answer response
	line, err := json.Marshal(question)
	if err == nil {
		_, err = h.stdin.Write(append(line, '\n'))
	}
	if err == nil {
		line, err = h.stdout.ReadBytes('\n')
	}
	if err == nil {
		err = json.Unmarshal(line, &answer)
	}
	if err != nil {
		h.end()
		return response{}, fmt.Errorf("machine hook, %s: no answer: %w", question.Action, err)
	}
	return answer, nil
}

func (h *hook) start() error {
	if h.child != nil {
		return nil
	}
	child := exec.Command(h.command[0], h.command[1:]...)
	child.Stderr = os.Stderr
	// With a deadline for what holds the pipes after it: nodes that it starts must not, but a mistake there should not hang us.
	child.WaitDelay = time.Second
	stdin, err := child.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return fmt.Errorf("machine hook: %w", err)
	}
	h.child, h.stdin, h.stdout = child, stdin, bufio.NewReader(stdout)
	return nil
}

func (h *hook) stop() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.end()
}

func (h *hook) end() {
	if h.child == nil {
		return
	}
	_ = h.stdin.Close()
	child := h.child
	h.child = nil
	kill := time.AfterFunc(5*time.Second, func() { _ = child.Process.Kill() })
	defer kill.Stop()
	if err := child.Wait(); err != nil {
		klog.Infof("machine hook ended: %v", err)
	}
}
