package main

import (
	"net"
	"sync"
	"time"
)

// idleClients are the clients of the control socket that have sent no whole request yet,
// and when they came.
type idleClients struct {
	mu   sync.Mutex
	came map[net.Conn]time.Time
}

// add notes a client, which has readTime for its request.
func (i *idleClients) add(c net.Conn, readTime time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := time.Now()
	_ = c.SetReadDeadline(now.Add(readTime))
	i.came[c] = now
}

func (i *idleClients) remove(c net.Conn) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.came, c)
}

// hurry leaves each client controlShortReadTime, as others wait for a place.
func (i *idleClients) hurry() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for c, came := range i.came {
		_ = c.SetReadDeadline(came.Add(controlShortReadTime))
	}
}
