package kadmium_test

// seeMode checks whether a node in mode auto may be a server: not if it never was without a
// firewall.
func (h *faultHistory) seeMode(host int, serves bool) {
	f := h.w.hosts[host]
	f.mu.Lock()
	closed := !f.wasOpen
	f.mu.Unlock()
	if h.rules.whole && closed && serves {
		h.wrong("host %d is a server, and nobody could ever reach it", host)
	}
}

// findable says whether others are to find a host and what it holds: it is a server, and no
// firewall is before it.
func (h *faultHistory) findable(host *faultHost) bool {
	n, _ := host.running()
	host.mu.Lock()
	firewall := host.firewall
	host.mu.Unlock()
	return n != nil && !firewall && n.Stats().Serves
}

// checkModes checks that all hosts that can be reached have found that out.
func (h *faultHistory) checkModes() {
	for _, host := range h.w.hosts {
		if n, _ := host.running(); n != nil && !host.firewall && !h.findable(host) && h.rules.whole {
			h.violated("host %d can be reached, and is no server", host.index)
		}
	}
}
